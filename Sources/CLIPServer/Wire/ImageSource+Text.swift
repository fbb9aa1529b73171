internal import CLIPEngine
internal import CLIPJSON

extension ImageSource {
    /// An image that is a mere string: a URL if it begins like one, otherwise base64, with the beginning of a `data:` URL or
    /// without. Never a path.
    init(bare text: JSONText) {
        self = text.utf8.starts(with: "http".utf8) ? .url(text.string) : .base64(text.utf8)
    }
}
