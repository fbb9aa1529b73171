package import CLIPJSON

/// Reads the fields of a request's object by pydantic's lax rules, and collects their problems.
///
/// Each method corresponds to one annotation of the request classes of Roboflow's server. Fields must be read in the
/// order of those classes, because the answer lists problems in that order.
package struct FieldReader {
    private let object: JSONObject
    /// The problems of the fields read so far.
    package private(set) var problems: FieldProblems
    /// Whether nobody waits for the fields any more: lists are passed over then.
    package var isUnwanted: @Sendable () -> Bool = { false }

    package init(_ object: JSONObject, problems: FieldProblems = FieldProblems()) {
        self.object = object
        self.problems = problems
    }

    /// A field that is a string, without checking it.
    func text(_ name: String) -> JSONText? {
        if case .string(let text) = object[name] { text } else { nil }
    }

    /// Reads `str`, or `Optional[str]` with `nullable`; nil if absent, null or wrong.
    ///
    /// - Parameter longest: the most bytes.
    @discardableResult
    package mutating func string(
        _ name: String,
        nullable: Bool = false,
        required: Bool = false,
        longest: Int = .max
    ) -> JSONText? {
        switch object[name] {
        case .string(let text) where text.utf8.count > longest:
            problems.add(.tooLong(most: longest), at: ["body", .name(name)])
            return nil
        case .string(let text): return text
        case .null where nullable: return nil
        case nil:
            if required { problems.add(.missing, at: ["body", .name(name)]) }
            return nil
        default:
            problems.add(.notAString, at: ["body", .name(name)])
            return nil
        }
    }

    /// Reads `bool`, or `Optional[bool]` with `nullable`; nil if absent, null or wrong.
    @discardableResult
    package mutating func boolean(_ name: String, nullable: Bool) -> Bool? {
        guard let value = object[name] else { return nil }
        if case .null = value, nullable { return nil }
        switch LaxBoolean.read(value) {
        case .success(let boolean): return boolean
        case .failure(let kind):
            problems.add(kind.kind, at: ["body", .name(name)])
            return nil
        }
    }

    /// Checks `Optional[float]`; no such field is used here.
    package mutating func number(_ name: String) {
        let problem: FieldProblem.Kind? =
            switch object[name] {
            case nil, .null, .boolean, .integer, .real: nil
            case .largeInteger(let value): value.isFinite ? nil : .notANumber
            case .string(let text): PythonFloat.reads(text) ? nil : .unreadableNumber
            default: .notANumber
            }
        if let problem { problems.add(problem, at: ["body", .name(name)]) }
    }

    /// Notes that a field is missing.
    mutating func miss(_ name: String) { problems.add(.missing, at: ["body", .name(name)]) }

    /// Whether a field is present and not null.
    func has(_ name: String) -> Bool { object[name].map { !$0.isNull } ?? false }

    /// Reads `Optional[int]` with bounds; nil if absent, null or wrong.
    mutating func integer(_ name: String, least: Int, most: Int = .max) -> Int? {
        guard let value = object[name], !value.isNull else { return nil }
        return problems.value(
            FieldNumber.integer(value, least: least, most: most),
            at: ["body", .name(name)]
        )
    }

    /// Reads a finite `Optional[float]`; nil if absent, null or wrong.
    mutating func finiteNumber(_ name: String) -> Double? {
        guard let value = object[name], !value.isNull else { return nil }
        return problems.value(FieldNumber.finite(value), at: ["body", .name(name)])
    }

    /// Reads a union: `branches` are tried in the order of the annotation, and if none fits, the problems of all are
    /// kept.
    ///
    /// Nil when absent, wrong or unwanted.
    package mutating func union<Value>(
        _ name: String,
        _ branches: (JSONValue, [FieldProblem.Step], inout FieldProblems) -> Value?
    ) -> Value? {
        guard !isUnwanted() else { return nil }
        let location: [FieldProblem.Step] = ["body", .name(name)]
        guard let value = object[name] else {
            problems.add(.missing, at: location)
            return nil
        }
        var branchProblems = FieldProblems()
        let found = branches(value, location, &branchProblems)
        if found == nil { problems.add(branchProblems) }
        return found
    }
}
