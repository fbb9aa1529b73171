package import CLIPJSON

/// Takes fields out of a request's object by pydantic's lax rules, and collects what is wrong with them.
///
/// Each method mirrors one annotation of the real server's request classes. Fields must be read in the order of those
/// classes, as that is the order of the problems in the answer.
package struct FieldReader {
    private let object: JSONObject
    /// What is wrong with the fields read so far.
    package private(set) var problems: FieldProblems

    package init(_ object: JSONObject, problems: FieldProblems = FieldProblems()) {
        self.object = object
        self.problems = problems
    }

    /// A field that is a text, looked at and not read.
    func text(_ name: String) -> JSONText? {
        if case .string(let text) = object[name] { text } else { nil }
    }

    /// `str`, or `Optional[str]` with `nullable`.
    ///
    /// Nil when absent, null or wrong.
    @discardableResult
    package mutating func string(_ name: String, nullable: Bool = false, required: Bool = false) -> JSONText?
    {
        switch object[name] {
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

    /// `bool`, or `Optional[bool]` with `nullable`.
    ///
    /// Nil when absent, null or wrong.
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

    /// `Optional[float]`.
    ///
    /// Only checked, as no field of this kind matters here.
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

    /// Whether a field is there, and not null.
    func has(_ name: String) -> Bool { object[name].map { !$0.isNull } ?? false }

    /// `Optional[int]` with a least value.
    ///
    /// Nil when absent, null or wrong.
    mutating func integer(_ name: String, least: Int) -> Int? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let number = value.wholeNumber else {
            problems.add(.notAnInteger, at: ["body", .name(name)])
            return nil
        }
        guard number >= least else {
            problems.add(.tooSmall(least: least), at: ["body", .name(name)])
            return nil
        }
        return number
    }

    /// A union: `branches` are tried in the order of the annotation, and when none fits, the problems of all
    /// are kept.
    ///
    /// Nil when absent or wrong.
    package mutating func union<Value>(
        _ name: String,
        _ branches: (JSONValue, [FieldProblem.Step], inout FieldProblems) -> Value?
    ) -> Value? {
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

/// What Python's `float()` reads.
enum PythonFloat {
    /// Bytes of a number's text, Python's own limit for the digits of an integer.
    private static let longestText = 4300

    static func reads(_ text: JSONText) -> Bool {
        // No number needs more; what is longer is blanks, or somebody's wish to see us count.
        guard text.utf8.count <= longestText else { return false }
        var text = text.string[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        var digits: [UInt8] = []
        var previous: UInt8 = 0
        // An underscore may stand between two digits.
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "_") {
                guard isDigit(previous), index + 1 < bytes.count, isDigit(bytes[index + 1]) else {
                    return false
                }
            } else {
                digits.append(byte | (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? 0x20 : 0))
            }
            previous = byte
        }
        var unsigned = digits[...]
        if unsigned.first == UInt8(ascii: "+") || unsigned.first == UInt8(ascii: "-") {
            unsigned.removeFirst()
        }
        if ["inf", "infinity", "nan"].contains(where: { unsigned.elementsEqual($0.utf8) }) { return true }
        // Double also reads hexadecimal, which Python does not; what is left then is the same grammar.
        guard let first = unsigned.first, isDigit(first) || first == UInt8(ascii: "."),
            unsigned.allSatisfy({ isDigit($0) || ".e+-".utf8.contains($0) })
        else { return false }
        // Python accepts `1.` and `.5`.
        return Double(String(decoding: Array("0".utf8) + unsigned, as: UTF8.self).replacingLonePoint()) != nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}

extension String {
    /// `01.` and `01.e5` as `01.0` and `01.0e5`.
    ///
    /// A lone point becomes no number.
    fileprivate func replacingLonePoint() -> String {
        guard self != "0.", let point = firstIndex(of: "."), utf8.distance(from: startIndex, to: point) > 0
        else {
            return self == "0." ? "" : self
        }
        let next = index(after: point)
        guard next == endIndex || self[next] == "e" else { return self }
        return self[..<next] + "0" + self[next...]
    }
}
