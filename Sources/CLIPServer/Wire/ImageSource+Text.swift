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
