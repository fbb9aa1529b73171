import CLIPEngine
internal import CLIPJSON

/// The body of `POST /vectorize`.
struct WeaviateVectorizeBody: Sendable {
    let texts: [String]
    let images: [ImageSource]

    /// Weaviate's client, which is written in Go, sends null for a list without elements.
    init(_ fields: PlainFields) throws(APIError) {
        texts = try Self.list(fields, "texts").map(\.string)
        // Base64 there, and nothing else: a blob of Weaviate's.
        let pictures = try Self.list(fields, "images")
        guard !pictures.contains(where: { ImageSource.isURL($0.utf8) }) else {
            throw PlainFields.fault("images", "has to hold pictures in base64, and holds a URL")
        }
        images = pictures.map { .base64($0.utf8) }
    }

    private static func list(_ fields: PlainFields, _ name: String) throws(APIError) -> [JSONText] {
        guard let value = fields[name] else { return [] }
        var list: [JSONText] = []
        for element in value.elements ?? [.null] {
            try fields.goOn()
            guard case .string(let text) = element else {
                throw PlainFields.fault(name, "has to be a list of strings")
            }
            list.append(text)
        }
        return list
    }

    var items: [ComparisonItem] { texts.map(ComparisonItem.text) + images.map(ComparisonItem.image) }
}
