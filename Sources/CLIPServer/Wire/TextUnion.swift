internal import CLIPJSON

/// The branches of unions that hold texts.
enum TextUnion {
    /// One text: `str`.
    static func read(
        _ value: JSONValue,
        at location: [FieldProblem.Step],
        _ problems: inout FieldProblems
    ) -> JSONText? {
        if case .string(let text) = value { return text }
        problems.add(.notAString, at: location)
        return nil
    }

    /// Texts: `list[str]`, whose location is the field's.
    static func list(
        _ value: JSONValue,
        at field: [FieldProblem.Step],
        _ problems: inout FieldProblems
    ) -> [JSONText]? {
        let location = field + ["list[str]"]
        guard case .array(let elements) = value else {
            problems.add(.notAList, at: location)
            return nil
        }
        let texts = elements.enumerated().compactMap { index, element in
            read(element, at: location + [.index(index)], &problems)
        }
        return texts.count == elements.count ? texts : nil
    }
}
