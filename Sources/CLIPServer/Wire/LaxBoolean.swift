package import CLIPJSON

/// pydantic's lax booleans.
package enum LaxBoolean {
    /// Why a value is none.
    package struct Refusal: Error {
        package let kind: FieldProblem.Kind
    }

    /// A JSON value as a boolean: also 0 and 1, and words.
    package static func read(_ value: JSONValue) -> Result<Bool, Refusal> {
        switch value {
        case .boolean(let boolean): .success(boolean)
        case .integer(0): .success(false)
        case .integer(1): .success(true)
        case .integer: .failure(Refusal(kind: .unreadableBoolean))
        case .real(0): .success(false)
        case .real(1): .success(true)
        case .string(let text): read(text.string)
        default: .failure(Refusal(kind: .notABoolean))
        }
    }

    /// A word as a boolean, in any case.
    package static func read(_ word: String) -> Result<Bool, Refusal> {
        guard word.utf8.count <= 5 else { return .failure(Refusal(kind: .unreadableBoolean)) }
        return switch word.lowercased() {
        case "1", "true", "t", "yes", "y", "on": .success(true)
        case "0", "false", "f", "no", "n", "off": .success(false)
        default: .failure(Refusal(kind: .unreadableBoolean))
        }
    }
}
