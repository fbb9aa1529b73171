package import CLIPEngine
internal import CLIPJSON

/// The body of `POST /v1/embeddings`.
package struct EmbeddingsBody: Sendable {
    /// How the numbers of an embedding are written.
    package enum Encoding: String, CaseIterable, Sendable {
        case float
        /// 32-bit floats, little-endian, in base64: what OpenAI's clients ask for by themselves.
        case base64
    }

    package let items: [ComparisonItem]
    /// Nil for the server's default.
    package let model: String?
    package let encoding: Encoding
    /// How many numbers of each embedding are wanted; nil for all.
    package let dimensions: Int?
    /// Our own extension: whether texts that are too long are cut instead of refused.
    package let truncates: Bool

    init(_ fields: PlainFields) throws(APIError) {
        let modality = try Self.modality(fields)
        guard let input = fields["input"] else { throw PlainFields.fault("input", "is missing") }
        switch input {
        case .array(let elements):
            guard !elements.isEmpty else {
                throw PlainFields.fault("input", "is empty; send at least one text or picture")
            }
            var items: [ComparisonItem] = []
            items.reserveCapacity(elements.count)
            for (index, element) in elements.enumerated() {
                try fields.goOn()
                items.append(try Self.item(element, modality, at: index))
            }
            self.items = items
        default: items = [try Self.item(input, modality, at: nil)]
        }
        let name = try fields.text("model")
        model = name.flatMap { name in Self.unspecified.contains(where: name.equals) ? nil : name.string }
        encoding = try Self.encoding(fields)
        dimensions = try fields.dimensions()
        truncates = try fields.boolean("truncate") ?? false
    }

    /// What clients send as a model's name where their user gave none; Infinity's has one of its own for that.
    private static let unspecified = ["", "default/not-specified"]

    // MARK: What is to be embedded

    private enum Modality: String {
        case text, image
    }

    /// Infinity's field; nil where nothing is said.
    private static func modality(_ fields: PlainFields) throws(APIError) -> Modality? {
        guard let text = try fields.text("modality") else { return nil }
        guard let modality = Modality(rawValue: text.utf8.count < 8 ? text.string : "") else {
            throw PlainFields.fault("modality", "has to be 'text' or 'image'")
        }
        return modality
    }

    private static func item(
        _ value: JSONValue,
        _ modality: Modality?,
        at index: Int?
    ) throws(APIError) -> ComparisonItem {
        switch value {
        case .string(let text):
            // A picture in a data: URL is no caption, whoever sends it.
            let isImage = modality == .image || modality == nil && ImageSource.isData(text.utf8)
            return isImage ? .image(ImageSource(bare: text)) : .text(text.string)
        case .object(let object): return try item(of: object, at: index)
        case _ where isOfTokens(value, at: index):
            throw wrong(
                "holds token ids, which belong to another model's tokenizer. Send text; with LangChain's OpenAIEmbeddings set "
                    + "check_embedding_ctx_length=False",
                at: index
            )
        default:
            throw wrong("has to be a text, or an object with 'text' or 'image'", at: index)
        }
    }

    /// Jina's `{"text": ...}` and `{"image": ...}`, and the parts that OpenAI's other routes have: `{"type": "text", "text": ...}`,
    /// `{"type": "image_url", "image_url": {"url": ...}}`.
    private static func item(of object: JSONObject, at index: Int?) throws(APIError) -> ComparisonItem {
        let names = ["text", "image", "image_url", "url", "bytes"].filter {
            object[$0].map { !$0.isNull } ?? false
        }
        guard names.count == 1, let value = object[names[0]] else {
            throw wrong("has to have one of 'text' and 'image'", at: index)
        }
        if names[0] == "image_url", case .object(let inner) = value, case .string(let url) = inner["url"] {
            return .image(ImageSource(bare: url))
        }
        guard case .string(let text) = value else {
            throw wrong("has a '\(names[0])' that is no string", at: index)
        }
        return names[0] == "text" ? .text(text.string) : .image(ImageSource(bare: text))
    }

    /// Whether a value is a text as token ids, or one of them.
    private static func isOfTokens(_ value: JSONValue, at index: Int?) -> Bool {
        func isID(_ value: JSONValue?) -> Bool {
            switch value {
            case .integer, .largeInteger: true
            default: false
            }
        }
        if case .array(let elements) = value { return isID(elements.first) }
        return index != nil && isID(value)
    }

    private static func wrong(_ what: String, at index: Int?) -> APIError {
        let name = index.map { "input[\($0)]" } ?? "input"
        return .invalidField(FieldFault("input", "'\(name)' \(what)."))
    }

    // MARK: How it is to be answered

    /// OpenAI's field, or Jina's of the same meaning.
    private static func encoding(_ fields: PlainFields) throws(APIError) -> Encoding {
        let name = fields["encoding_format"] == nil ? "embedding_type" : "encoding_format"
        guard let text = try fields.text(name) else { return .float }
        guard let encoding = Encoding(rawValue: text.utf8.count < 8 ? text.string : "") else {
            throw PlainFields.fault(name, "has to be 'float' or 'base64'")
        }
        return encoding
    }
}
