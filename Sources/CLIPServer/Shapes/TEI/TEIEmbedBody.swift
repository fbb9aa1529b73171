/// The body of `POST /embed`.
struct TEIEmbedBody: Sendable {
    let texts: [String]
    let truncates: Bool
    let normalizes: Bool
    let dimensions: Int?

    init(_ fields: PlainFields) throws(APIError) {
        guard let texts = try fields.texts("inputs") else { throw PlainFields.fault("inputs", "is missing") }
        self.texts = texts
        truncates = try fields.boolean("truncate") ?? false
        normalizes = try fields.boolean("normalize") ?? true
        dimensions = try fields.dimensions()
    }
}
