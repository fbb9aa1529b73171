package import CLIPEngine
internal import CLIPJSON

/// The body of `POST /classify`.
package struct ClassifyBody: Sendable {
    /// What is classified, as it stands in the body.
    package enum Items: Sendable {
        case images([ImageDeclaration])
        case texts([String])
    }

    package let items: Items
    package let labels: LabelSet
    /// How many of the best labels are told; nil for all.
    package let top: Int?
    /// The model asked for; nil for the default one.
    package let model: String?
    /// Whether texts and prompts that are too long are cut instead of refused.
    package let truncates: Bool

    package init(_ fields: inout FieldReader) throws(APIError) {
        let items = try Self.items(from: &fields)
        let labels = fields.union("labels", Self.labels)
        let templates = fields.has("templates") ? fields.union("templates", Self.texts) : nil
        top = fields.integer("top_k", least: 1)
        model = fields.string("clip_version_id", nullable: true)?.string
        truncates = fields.boolean("truncate", nullable: true) ?? false
        guard !fields.isUnwanted() else { throw .embedding(.cancelled, place: nil) }
        guard let items, let labels, fields.problems.isEmpty else {
            throw .invalidFields(fields.problems)
        }
        if templates != nil, labels.contains(where: { $0.prompts != nil }) {
            throw .invalidField(
                FieldFault(
                    "templates",
                    "Templates are put around names, and the labels have prompts of their own. Send templates, or labels as an object, not both."
                )
            )
        }
        do throws(LabelFault) {
            var sentences: [PromptTemplate]?
            if let templates { sentences = try PromptTemplate.list(templates) }
            self.labels = try LabelSet(labels, templates: sentences)
        } catch {
            throw .embedding(.labels(error), place: nil)
        }
        self.items = items
    }

    /// Either images or texts.
    private static func items(from fields: inout FieldReader) throws(APIError) -> Items? {
        switch (fields.has("image"), fields.has("text")) {
        case (true, true):
            throw .invalidField(FieldFault("text", "Send image or text, not both in one request."))
        case (false, false):
            throw .invalidField(FieldFault(nil, "Send what is to be classified, as image or as text."))
        case (false, true): return fields.union("text", texts).map(Items.texts)
        case (true, false): return fields.union("image", images).map(Items.images)
        }
    }

    /// `Union[List[InferenceRequestImage], InferenceRequestImage]`.
    private static func images(
        _ value: JSONValue,
        at location: [FieldProblem.Step],
        _ problems: inout FieldProblems
    ) -> [ImageDeclaration]? {
        if let list = ImageDeclaration.list(value, at: location, &problems) { return list }
        return ImageDeclaration.read(value, at: location + ["InferenceRequestImage"], &problems).map { [$0] }
    }

    /// `Union[List[str], str]`.
    private static func texts(
        _ value: JSONValue,
        at location: [FieldProblem.Step],
        _ problems: inout FieldProblems
    ) -> [String]? {
        if let list = TextUnion.list(value, at: location, &problems) { return list.map(\.string) }
        return TextUnion.read(value, at: location + ["str"], &problems).map { [$0.string] }
    }

    /// `Union[List[str], Dict[str, Union[List[str], str]]]`: names, or names with prompts of their own.
    private static func labels(
        _ value: JSONValue,
        at location: [FieldProblem.Step],
        _ problems: inout FieldProblems
    ) -> [LabelSet.Label]? {
        guard case .object(let object) = value else {
            if let list = TextUnion.list(value, at: location, &problems) {
                return list.map { LabelSet.Label($0.string) }
            }
            problems.add(.notAMapping, at: location + ["dict[str,union[list[str],str]]"])
            return nil
        }
        var labels: [LabelSet.Label] = []
        labels.reserveCapacity(object.members.count)
        for member in object.members {
            let place = location + ["dict[str,union[list[str],str]]", .name(member.name)]
            var own = FieldProblems()
            guard let prompts = texts(member.value, at: place, &own) else {
                problems.add(own)
                continue
            }
            labels.append(LabelSet.Label(member.name.string, prompts: prompts))
        }
        guard labels.count == object.members.count else { return nil }
        if let (first, place) = object.firstRepetition {
            // A label that is named twice is refused as it is in a list, and not dropped with its prompts.
            labels.insert(labels[first], at: place)
        }
        return labels
    }
}
