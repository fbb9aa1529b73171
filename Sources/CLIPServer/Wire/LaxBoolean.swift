package import CLIPJSON

/// pydantic's lax booleans.
package enum LaxBoolean {
    /// Why a value is no boolean.
    package struct Refusal: Error {
        package let kind: FieldProblem.Kind
    }

    /// Reads a JSON value as a boolean; 0, 1 and some words count, too.
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

    /// Reads a word as a boolean, in any letter case.
    package static func read(_ word: String) -> Result<Bool, Refusal> {
        guard word.utf8.count <= 5 else { return .failure(Refusal(kind: .unreadableBoolean)) }
        return switch word.lowercased() {
        case "1", "true", "t", "yes", "y", "on": .success(true)
        case "0", "false", "f", "no", "n", "off": .success(false)
        default: .failure(Refusal(kind: .unreadableBoolean))
        }
    }
}
