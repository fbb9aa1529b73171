/// Reads a whole JSON text into a tree, as Python 3.11's `json.loads` does.
///
/// Clients of Roboflow's server and writers of configurations rely on Python's behaviour: `NaN` and `Infinity` are
/// numbers, lone surrogates are accepted, the last of several members with one name counts, a byte order mark is
/// skipped, and errors carry Python's reason and position.
///
/// There are two differences. UTF-16 and UTF-32 are refused. Lone surrogates become U+FFFD, since a Swift string cannot
/// hold them (ftfy does the same before a caption is tokenized).
public struct JSONDocument {
    private let limits: JSONLimits
    /// Where the text begins, after a byte order mark.
    private let start: Int
    private var lexer: JSONLexer
    private var valueCount = 0

    /// Reads a whole text and returns its value.
    public static func read(
        _ bytes: [UInt8],
        limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> JSONValue {
        guard UTF8Check.isValid(bytes) else { throw .notUTF8 }
        var document = JSONDocument(bytes: bytes, limits: limits)
        document.lexer.skipWhitespace()
        let value = try document.value(depth: 0)
        document.lexer.skipWhitespace()
        guard document.lexer.current == nil else { throw document.error("Extra data") }
        return value
    }

    /// The number that a text is from its first byte to its last; nil where it is anything else, or has too many digits.
    package static func number(_ text: String) -> JSONValue? {
        var document = JSONDocument(bytes: Array(text.utf8), limits: JSONLimits())
        guard document.start == 0, let number = try? document.number(), document.lexer.current == nil else {
            return nil
        }
        return number
    }

    private init(bytes: [UInt8], limits: JSONLimits) {
        self.limits = limits
        start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        lexer = JSONLexer(bytes, at: start, replacingLoneSurrogates: true)
    }

    private func error(_ reason: String) -> JSONError { error(reason, at: lexer.position) }

    /// An error at a byte offset; its position counts code points from the start of the text.
    private func error(_ reason: String, at index: Int) -> JSONError {
        let end = max(start, min(index, lexer.bytes.count))
        let position = lexer.bytes[start..<end].reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
        return .syntax(reason: reason, position: position)
    }

    /// Python's error for a faulty string: it points at the whole token, or at the `u` of an escape with bad digits.
    private func error(ofString fault: JSONFault, opening: Int) -> JSONError {
        switch fault.expected {
        case .noControlCharacter: error("Invalid control character at", at: fault.offset)
        case .hexadecimalDigits: error("Invalid \\uXXXX escape", at: fault.token + 1)
        case .escapedCharacter where fault.offset < lexer.bytes.count:
            error("Invalid \\escape", at: fault.token)
        default: error("Unterminated string starting at", at: opening)
        }
    }

    /// Reads a string; the position is at its opening quote.
    private mutating func string() throws(JSONError) -> JSONText {
        let opening = lexer.position
        do throws(JSONFault) {
            return JSONText(utf8: try lexer.string())
        } catch {
            throw self.error(ofString: error, opening: opening)
        }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        valueCount += 1
        guard valueCount <= limits.values else { throw .tooManyValues(limit: limits.values) }
        switch lexer.current {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"):
            guard depth < limits.depth else { throw .tooDeep(limit: limits.depth) }
            lexer.position += 1
            return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["):
            guard depth < limits.depth else { throw .tooDeep(limit: limits.depth) }
            lexer.position += 1
            return .array(try array(depth: depth + 1))
        case UInt8(ascii: "n") where lexer.take(word: "null"): return .null
        case UInt8(ascii: "t") where lexer.take(word: "true"): return .boolean(true)
        case UInt8(ascii: "f") where lexer.take(word: "false"): return .boolean(false)
        case UInt8(ascii: "N") where lexer.take(word: "NaN"): return .real(.nan)
        case UInt8(ascii: "I") where lexer.take(word: "Infinity"): return .real(.infinity)
        case UInt8(ascii: "-") where lexer.take(word: "-Infinity"): return .real(-.infinity)
        default: return try number()
        }
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        guard let numeral = lexer.numeral() else { throw error("Expecting value") }
        let literal = lexer.bytes[numeral.range]
        if numeral.isInteger {
            let digits = literal.first == UInt8(ascii: "-") ? literal.count - 1 : literal.count
            guard digits <= limits.digits else { throw .numberTooLong(limit: limits.digits) }
        }
        let text = String(decoding: literal, as: UTF8.self)
        if numeral.isInteger, let integer = Int(text) { return .integer(integer) }
        // `Double` reads every JSON numeral; like Python it rounds to the nearest and overflows to infinity.
        let real = Double(text) ?? .nan
        return numeral.isInteger ? .largeInteger(real) : .real(real)
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        var object = JSONObject()
        if lexer.take(UInt8(ascii: "}")) { return object }
        repeat {
            lexer.skipWhitespace()
            guard lexer.current == UInt8(ascii: "\"") else {
                throw error("Expecting property name enclosed in double quotes")
            }
            let name = try string()
            guard lexer.take(UInt8(ascii: ":")) else { throw error("Expecting ':' delimiter") }
            lexer.skipWhitespace()
            object.set(name, to: try value(depth: depth))
        } while lexer.take(UInt8(ascii: ","))
        guard lexer.take(UInt8(ascii: "}")) else { throw error("Expecting ',' delimiter") }
        return object
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        var array: [JSONValue] = []
        if lexer.take(UInt8(ascii: "]")) { return array }
        repeat {
            lexer.skipWhitespace()
            array.append(try value(depth: depth))
        } while lexer.take(UInt8(ascii: ","))
        guard lexer.take(UInt8(ascii: "]")) else { throw error("Expecting ',' delimiter") }
        return array
    }
}
