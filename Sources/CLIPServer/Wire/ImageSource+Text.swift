internal import CLIPEngine
internal import CLIPJSON

extension ImageSource {
    /// Reads an image from a string alone: a URL if it begins like one, otherwise base64.
    ///
    /// The base64 may follow the beginning of a `data:` URL. A file path is never read.
    init(bare text: JSONText) {
        self = text.utf8.starts(with: "http".utf8) ? .url(text.string) : .base64(text.utf8)
    }
}
