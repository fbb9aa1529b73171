internal import CLIPEngine

extension Multipart {
    /// The pictures of a form, and its other parts, both in order.
    ///
    /// Every part called `image`, `images`, `file` or `files`, also with `[]` behind it, is a picture or the URL of one.
    var divided: (pictures: [ImageSource], others: [Part]) {
        var (pictures, others): ([ImageSource], [Part]) = ([], [])
        for part in parts {
            if Self.pictureNames.contains(part.name.lowercased()) {
                pictures.append(
                    ImageSource.isURL(part.content) ? .url(part.text) : .encodedPart(part.content)
                )
            } else {
                others.append(part)
            }
        }
        return (pictures, others)
    }

    private static let pictureNames: Set<String> = [
        "image", "images", "file", "files", "image[]", "images[]", "file[]", "files[]",
    ]
}

extension Multipart.Part {
    /// The content as a text.
    var text: String { String(decoding: content, as: UTF8.self) }
}
