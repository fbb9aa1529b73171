package import CLIPJSON

/// One entry of a 422 answer: what is wrong with one part of a request, in pydantic's words.
package struct FieldProblem: Equatable, Sendable {
    /// A step on the path to the part: a name or an index.
    package enum Step: Equatable, Sendable {
        case name(String)
        case index(Int)
    }

    /// The kinds of problems.
    package enum Kind: Equatable, Sendable {
        case missing
        case notAString
        case notAList
        case notAMapping
        /// An object of this class was expected.
        case notAModel(className: String)
        /// The body itself is not an object.
        case notABody
        case notABoolean
        case unreadableBoolean
        case notANumber
        case unreadableNumber
        case notAnInteger
        case tooSmall(least: Int)
        case tooLarge(most: Int)
        case notFinite
        case tooManyElements(count: Int, most: Int)
        case tooLong(most: Int)
        /// The value is wrong for this reason, which no type tells.
        case wrongValue(String)
        /// The body is not JSON, for this reason.
        case notJSON(reason: String)
    }

    package let kind: Kind
    package let location: [Step]

    package init(_ kind: Kind, at location: [Step]) {
        self.kind = kind
        self.location = location
    }

    /// pydantic's name of the problem.
    package var type: String {
        switch kind {
        case .missing: "missing"
        case .notAString: "string_type"
        case .notAList: "list_type"
        case .notAMapping: "dict_type"
        case .notAModel: "model_type"
        case .notABody: "model_attributes_type"
        case .notABoolean: "bool_type"
        case .unreadableBoolean: "bool_parsing"
        case .notANumber: "float_type"
        case .unreadableNumber: "float_parsing"
        case .notAnInteger: "int_type"
        case .tooSmall: "greater_than_equal"
        case .tooLarge: "less_than_equal"
        case .notFinite: "finite_number"
        case .tooManyElements: "too_long"
        case .tooLong: "string_too_long"
        case .wrongValue: "value_error"
        case .notJSON: "json_invalid"
        }
    }

    /// pydantic's sentence.
    package var message: String {
        switch kind {
        case .missing: "Field required"
        case .notAString: "Input should be a valid string"
        case .notAList: "Input should be a valid list"
        case .notAMapping: "Input should be a valid dictionary"
        case .notAModel(let className): "Input should be a valid dictionary or instance of \(className)"
        case .notABody: "Input should be a valid dictionary or object to extract fields from"
        case .notABoolean: "Input should be a valid boolean"
        case .unreadableBoolean: "Input should be a valid boolean, unable to interpret input"
        case .notANumber: "Input should be a valid number"
        case .unreadableNumber: "Input should be a valid number, unable to parse string as a number"
        case .notAnInteger: "Input should be a valid integer"
        case .tooSmall(let least): "Input should be greater than or equal to \(least)"
        case .tooLarge(let most): "Input should be less than or equal to \(most)"
        case .notFinite: "Input should be a finite number"
        case .tooManyElements(let count, let most):
            "List should have at most \(most) items after validation, not \(count)"
        case .tooLong(let most): "String should have at most \(most) characters"
        case .wrongValue(let reason): "Value error, \(reason)"
        case .notJSON: "JSON decode error"
        }
    }

    /// Writes the entry with the keys of Roboflow's server.
    ///
    /// Roboflow's server quotes what was sent in `input`, such as a whole image in the wrong place; here it is always
    /// null, or `{}` where Roboflow's server has that.
    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("type", type)
            writer.member("loc") { writer in
                writer.array { writer in
                    for step in location {
                        switch step {
                        case .name(let name): writer.string(name)
                        case .index(let index): writer.integer(index)
                        }
                    }
                }
            }
            writer.member("msg", message)
            switch kind {
            case .notJSON(let reason):
                writer.member("input") { $0.object { _ in } }
                writer.member("ctx") { $0.object { $0.member("error", reason) } }
            case .notAModel(let className):
                writer.nullMembers("input")
                writer.member("ctx") { $0.object { $0.member("class_name", className) } }
            case .tooSmall(let least):
                writer.nullMembers("input")
                writer.member("ctx") { $0.object { $0.member("ge") { $0.integer(least) } } }
            case .tooLarge(let most):
                writer.nullMembers("input")
                writer.member("ctx") { $0.object { $0.member("le") { $0.integer(most) } } }
            case .tooManyElements(let count, let most):
                writer.nullMembers("input")
                writer.member("ctx") { writer in
                    writer.object { writer in
                        writer.member("field_type", "List")
                        writer.member("max_length") { $0.integer(most) }
                        writer.member("actual_length") { $0.integer(count) }
                    }
                }
            case .tooLong(let most):
                writer.nullMembers("input")
                writer.member("ctx") { $0.object { $0.member("max_length") { $0.integer(most) } } }
            case .wrongValue:
                writer.nullMembers("input")
                writer.member("ctx") { $0.object { $0.member("error") { $0.object { _ in } } } }
            default: writer.nullMembers("input")
            }
        }
    }
}

/// The problems found so far.
///
/// Only the first hundred are kept: a list of a million numbers instead of texts is one mistake, not a million.
package struct FieldProblems: Equatable, Sendable {
    package private(set) var entries: [FieldProblem] = []
    /// Whether there are no problems.
    package var isEmpty: Bool { entries.isEmpty }
    /// The largest number of entries in an answer.
    package static let limit = 100

    package init(_ entries: [FieldProblem] = []) {
        self.entries = entries
    }

    package mutating func add(_ kind: FieldProblem.Kind, at location: [FieldProblem.Step]) {
        if entries.count < Self.limit { entries.append(FieldProblem(kind, at: location)) }
    }

    package mutating func add(_ others: FieldProblems) {
        entries += others.entries.prefix(Self.limit - entries.count)
    }
}

extension FieldProblem.Step: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) {
        self = .name(value)
    }

    /// A name that the sender chose, shortened, because it is sent back.
    package static func name(_ text: JSONText) -> Self {
        guard text.utf8.count > longestName else { return .name(text.string) }
        // It is cut by bytes, because a single character can have megabytes; no scalar is cut in two.
        var end = text.utf8.startIndex + longestName
        while end > text.utf8.startIndex, text.utf8[end] & 0xC0 == 0x80 { end -= 1 }
        return .name(JSONText(utf8: text.utf8[..<end]).string + "…")
    }

    /// The largest number of bytes of a name that are sent back.
    private static let longestName = 64
}
