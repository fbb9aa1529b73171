/// The body of `POST /embed`.
struct TEIEmbedBody: Sendable {
    let texts: [String]
    let truncates: Bool
    let normalizes: Bool
    let dimensions: Int?

    init(_ fields: PlainFields) throws(APIError) {
        guard let texts = try fields.texts("inputs") else { throw PlainFields.fault("inputs", "is missing") }
        self.texts = texts
        // As TEI's own server does since 1.9, for clients that have no such setting.
        truncates = try fields.boolean("truncate") ?? true
        normalizes = try fields.boolean("normalize") ?? true
        dimensions = try fields.dimensions()
    }
}
