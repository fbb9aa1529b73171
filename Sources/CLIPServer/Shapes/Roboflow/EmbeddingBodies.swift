internal import CLIPJSON

/// What every CLIP request may carry beside its images and texts.
///
/// Read and checked as the real server does; only the model's name and our own extensions have an effect.
package struct CommonFields: Equatable, Sendable {
    /// The model asked for; nil (absent or null) for the default one.
    package var model: String?
    /// Our own extension: whether texts that are too long are cut instead of refused.
    package var truncates = false
    /// Our own extension: whether embeddings are brought to length one.
    package var normalizes = false

    /// The fields of a request that says nothing of them.
    init(_ family: ModelFamily) {
        (truncates, normalizes) = (family.truncates, family.normalizes)
    }

    /// Reads the fields of `BaseRequest` and `ClipInferenceRequest` or `PerceptionEncoderInferenceRequest`, in their order.
    ///
    /// - Parameter defaults: what holds where the body says nothing; nil for what the family has.
    static func read(
        from fields: inout FieldReader,
        family: ModelFamily,
        over defaults: CommonFields?
    ) -> CommonFields {
        var common = defaults ?? CommonFields(family)
        fields.string("id")
        fields.string("api_key", nullable: true)
        fields.boolean("usage_billable", nullable: false)
        fields.number("start")
        fields.string("source", nullable: true)
        fields.string("source_info", nullable: true)
        fields.string("stream_pipeline_context_id", nullable: true)
        fields.boolean("disable_model_monitoring", nullable: true)
        if let model = fields.string(family.nameField, nullable: true) { common.model = model.string }
        // Accepted and ignored, as there: only the family's own field selects.
        fields.string("model_id", nullable: true)
        return common
    }

    mutating func readExtensions(from fields: inout FieldReader) {
        truncates = fields.boolean("truncate", nullable: true) ?? truncates
        normalizes = fields.boolean("normalize", nullable: true) ?? normalizes
    }
}

/// The body of `POST /clip/embed_text`.
package struct EmbedTextBody: Sendable {
    package let common: CommonFields
    package let texts: [String]

    /// - Parameter defaults: what the query has of its fields.
    package init(
        _ fields: inout FieldReader,
        family: ModelFamily = .clip,
        over defaults: CommonFields? = nil
    ) throws(APIError) {
        var common = CommonFields.read(from: &fields, family: family, over: defaults)
        let texts = fields.union("text") { value, location, problems -> [String]? in
            if let list = TextUnion.list(value, at: location, &problems) { return list.map(\.string) }
            return TextUnion.read(value, at: location + ["str"], &problems).map { [$0.string] }
        }
        common.readExtensions(from: &fields)
        guard let texts, fields.problems.isEmpty else { throw .invalidFields(fields.problems) }
        self.common = common
        self.texts = texts
    }
}

/// The body of `POST /model/add` and `POST /model/remove`.
package struct ModelBody: Sendable {
    /// Such as `clip/ViT-B-32`.
    package let modelID: String

    package init(_ fields: inout FieldReader, isAddition: Bool) throws(APIError) {
        let modelID = fields.string("model_id", required: true)
        if isAddition {
            fields.string("model_type", nullable: true)
            fields.string("api_key", nullable: true)
        }
        guard let modelID, fields.problems.isEmpty else { throw .invalidFields(fields.problems) }
        self.modelID = modelID.string
    }
}
