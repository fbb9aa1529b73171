/// The bytes of an image file, as they came.
struct EncodedImage: Sendable {
    let bytes: [UInt8]
    let origin: ImageOrigin
    /// The name of the bytes; the same for all where images are not hashed.
    let hash: ContentHash

    init(_ bytes: [UInt8], from origin: ImageOrigin, hashedWith key: ContentHash.Key?) {
        self.bytes = bytes
        self.origin = origin
        hash = key.map { ContentHash(of: bytes, key: $0) } ?? .none
    }
}
