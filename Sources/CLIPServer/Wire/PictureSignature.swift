/// What the first bytes of a body say of it: which picture it is, where it is one.
///
/// It decides nothing but the sentence that a sender is told whose Content-Type says something else.
package enum PictureSignature {
    /// Such as `image/jpeg`; nil for what does not begin like a picture that is read here.
    package static func mediaType(of body: [UInt8]) -> String? {
        func begins(_ bytes: [UInt8], at start: Int = 0) -> Bool { body.dropFirst(start).starts(with: bytes) }
        func begins(_ text: String, at start: Int = 0) -> Bool { begins(Array(text.utf8), at: start) }
        if begins([0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
        if begins([0x89, 0x50, 0x4E, 0x47]) { return "image/png" }
        if begins("GIF8") { return "image/gif" }
        if begins("RIFF"), begins("WEBP", at: 8) { return "image/webp" }
        if begins([0x49, 0x49, 0x2A, 0]) || begins([0x4D, 0x4D, 0, 0x2A]) { return "image/tiff" }
        if begins("ftypavif", at: 4) { return "image/avif" }
        if begins("ftyphei", at: 4) { return "image/heic" }
        return nil
    }
}
