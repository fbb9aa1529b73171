package import CLIPEngine
package import CLIPJSON

/// The body of `POST /clip/compare`.
package struct CompareBody: Sendable {
    /// One side of a comparison as it stands in the body.
    package enum Item: Sendable {
        case image(ImageDeclaration)
        case text(JSONText)
    }

    /// The prompts as they stand in the body.
    package enum Prompts: Sendable {
        /// One or many, answered by a list.
        case list([Item])
        /// By name, answered by an object with the same names in the same order.
        case mapping([(name: JSONText, item: Item)])

        /// The prompts in order.
        package var items: [Item] {
            switch self {
            case .list(let items): items
            case .mapping(let members): members.map(\.item)
            }
        }
    }

    package let common: CommonFields
    package let subject: Item
    package let subjectType: String
    package let prompts: Prompts
    package let promptType: String

    /// - Parameter defaults: what the query has of its fields.
    package init(
        _ fields: inout FieldReader,
        family: ModelFamily = .clip,
        over defaults: CommonFields? = nil
    ) throws(APIError) {
        var common = CommonFields.read(from: &fields, family: family, over: defaults)
        let subject = fields.union("subject", Self.item)
        let subjectType = fields.string("subject_type")?.string ?? "image"
        let prompts = fields.union("prompt", Self.prompts)
        let promptType = fields.string("prompt_type")?.string ?? "text"
        common.readExtensions(from: &fields)
        guard let subject, let prompts, fields.problems.isEmpty else { throw .invalidFields(fields.problems) }
        self.common = common
        self.subject = subject
        self.subjectType = subjectType
        self.prompts = prompts
        self.promptType = promptType
    }

    /// One side: `Union[InferenceRequestImage, str]`.
    private static func item(
        _ value: JSONValue,
        at location: [FieldProblem.Step],
        _ problems: inout FieldProblems
    ) -> Item? {
        if case .string(let text) = value { return .text(text) }
        if let image = ImageDeclaration.read(value, at: location + ["InferenceRequestImage"], &problems) {
            return .image(image)
        }
        return TextUnion.read(value, at: location + ["str"], &problems).map(Item.text)
    }

    /// `Union[List[InferenceRequestImage], InferenceRequestImage, str, List[str], Dict[str,
    /// Union[InferenceRequestImage, str]]]`.
    ///
    /// Every branch is tried, so that the problems of all are there when none fits.
    private static func prompts(
        _ value: JSONValue,
        at location: [FieldProblem.Step],
        _ problems: inout FieldProblems
    ) -> Prompts? {
        let images = ImageDeclaration.list(value, at: location, &problems)
        let image = ImageDeclaration.read(value, at: location + ["InferenceRequestImage"], &problems)
        let text = TextUnion.read(value, at: location + ["str"], &problems)
        let texts = TextUnion.list(value, at: location, &problems)
        let mapping = mapping(
            value,
            at: location + ["dict[str,union[InferenceRequestImage,str]]"],
            &problems
        )
        if let images { return .list(images.map(Item.image)) }
        if let text { return .list([.text(text)]) }
        if let texts { return .list(texts.map(Item.text)) }
        if let mapping {
            // Whoever names both members means one image, whatever their values are.
            guard case .object(let object) = value, let inner = object["value"], object["type"] != nil else {
                return .mapping(mapping)
            }
            return .list([.image(image ?? ImageDeclaration(type: nil, value: inner))])
        }
        return image.map { .list([.image($0)]) }
    }

    private static func mapping(
        _ value: JSONValue,
        at location: [FieldProblem.Step],
        _ problems: inout FieldProblems
    ) -> [(name: JSONText, item: Item)]? {
        guard case .object(let object) = value else {
            problems.add(.notAMapping, at: location)
            return nil
        }
        let members = object.members.compactMap { member in
            item(member.value, at: location + [.name(member.name)], &problems).map {
                (name: member.name, item: $0)
            }
        }
        return members.count == object.members.count ? members : nil
    }

    // MARK: What the engine is asked

    /// The subject as its type has it.
    ///
    /// - Throws: a 400 for a type other than `image` and `text`, and for an image where a text belongs.
    package func comparisonSubject() throws(APIError) -> ComparisonItem {
        guard let type = ItemType(subjectType) else { throw .unknownItemType(field: .subject) }
        return try type.item(subject, field: .subject)
    }

    /// The prompts as their type has them, in order.
    ///
    /// - Throws: as for the subject.
    package func comparisonPrompts() throws(APIError) -> [ComparisonItem] {
        guard let type = ItemType(promptType) else { throw .unknownItemType(field: .prompt) }
        var items: [ComparisonItem] = []
        for prompt in prompts.items { items.append(try type.item(prompt, field: .prompt)) }
        return items
    }

    private enum ItemType: String {
        case image, text

        /// Longer texts are not even compared, which takes minutes where they are megabytes of combining marks.
        init?(_ name: String) {
            self.init(rawValue: name.utf8.count <= 8 ? name : "")
        }

        func item(_ item: Item, field: ComparisonField) throws(APIError) -> ComparisonItem {
            switch (self, item) {
            case (.image, .image(let declaration)): return .image(try declaration.source())
            case (.text, .text(let text)): return .text(text.string)
            case (.text, .image): throw .imageWhereTextBelongs(field: field)
            case (.image, .text(let text)): return .image(ImageSource(bare: text))
            }
        }
    }
}

/// A side of a comparison, for messages.
package enum ComparisonField: String, Equatable, Sendable {
    case subject, prompt
}
