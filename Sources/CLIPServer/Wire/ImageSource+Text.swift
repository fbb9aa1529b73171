internal import CLIPEngine
internal import CLIPJSON

extension ImageSource {
    /// Reads an image from a string alone: a URL if it begins like one, otherwise base64.
    ///
    /// The base64 may follow the beginning of a `data:` URL. A file path is never read.
    init(bare text: JSONText) {
        self = Self.isURL(text.utf8) ? .url(text.string) : .base64(text.utf8)
    }

    /// Whether a text begins as the URL of a picture does.
    ///
    /// The real server looks for `http` alone. In other cases a colon is wanted, too, without which the letters may be base64.
    static func isURL(_ text: ArraySlice<UInt8>) -> Bool {
        text.starts(with: "http".utf8)
            || ["http://", "https://"].contains { text.starts(withAnyCaseOf: $0) }
    }

    /// Whether a text is the `data:` URL of a picture: of an image's type, or in base64, whatever its type is.
    ///
    /// Programs that do not know a file's type write `application/octet-stream`, `None` or nothing there.
    static func isData(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.starts(withAnyCaseOf: "data:") else { return false }
        if text.starts(withAnyCaseOf: "data:image/") { return true }
        let mark = ";base64"
        // As far as a URL's media type and its parameters are looked for before they are taken off.
        guard let comma = text.prefix(256).firstIndex(of: UInt8(ascii: ",")) else { return false }
        return text[..<comma].suffix(mark.utf8.count).starts(withAnyCaseOf: mark)
    }
}

extension ArraySlice<UInt8> {
    /// Whether the bytes begin with a word, its letters in any case, as the schemes of URLs may be written (RFC 3986, 3.1).
    ///
    /// - Parameter word: ASCII, in lower case.
    func starts(withAnyCaseOf word: String) -> Bool {
        starts(with: word.utf8) { byte, letter in
            byte == letter || (0x41...0x5A).contains(byte) && byte | 0x20 == letter
        }
    }
}
