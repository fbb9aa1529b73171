internal import CLIPEngine
internal import CLIPJSON

extension ImageSource {
    /// Reads an image that is a mere string: a URL if it begins like one, otherwise base64.
    ///
    /// Base64 may have the beginning of a `data:` URL before it. A path is never read.
    init(bare text: JSONText) {
        self = text.utf8.starts(with: "http".utf8) ? .url(text.string) : .base64(text.utf8)
    }
}
