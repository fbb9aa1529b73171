/// Bounds on a JSON text beside its length in bytes.
package struct JSONLimits: Equatable, Sendable {
    /// Deepest nesting of arrays and objects.
    ///
    /// No request needs more than 4; Python stops near 1,000.
    package var depth = 128
    /// Most values.
    ///
    /// A value takes up to 20 times the memory of its shortest spelling, so bytes alone do not bound it.
    package var values = 250_000
    /// Most characters of a number.
    ///
    /// Python's own limit for integers.
    package var digits = 4300

    package init() {}
}

/// Why a JSON text was refused.
package enum JSONError: Error, Equatable, Sendable {
    /// Not JSON; `reason` and `position` are those of Python's `JSONDecodeError`, the position in code points.
    case syntax(reason: String, position: Int)
    /// Not UTF-8.
    case notUTF8
    /// Arrays and objects nested deeper than the limit.
    case tooDeep(limit: Int)
    /// More values than the limit.
    case tooManyValues(limit: Int)
    /// An integer of more digits than the limit.
    case numberTooLong(limit: Int)
}

/// Reads a JSON text as Python 3.11's `json.loads` does, which is what the clients of Roboflow's server were
/// written against: `NaN` and `Infinity` are numbers, lone surrogates are accepted, a byte order mark is
/// skipped, and errors carry Python's reason and position.
///
/// Two differences: UTF-16 and UTF-32 are refused, and lone surrogates become U+FFFD, since a Swift string
/// cannot hold them (ftfy makes the same of them before a caption is tokenized).
package struct JSONReader {
    let bytes: [UInt8]
    let limits: JSONLimits
    /// Where the text begins: behind a byte order mark.
    let start: Int
    var position: Int
    private var valueCount = 0

    /// The value of a whole text.
    package static func read(
        _ bytes: [UInt8],
        limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> JSONValue {
        guard UTF8Check.isValid(bytes) else { throw .notUTF8 }
        var reader = JSONReader(bytes: bytes, limits: limits)
        reader.skipWhitespace()
        let value = try reader.value(depth: 0)
        reader.skipWhitespace()
        guard reader.position == bytes.count else { throw reader.error("Extra data", at: reader.position) }
        return value
    }

    private init(bytes: [UInt8], limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
        start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        position = start
    }

    /// The byte at the position, nil at the end.
    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    func byte(at index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

    /// An error at a byte; its position counts code points from the start of the text.
    func error(_ reason: String, at index: Int) -> JSONError {
        let end = max(start, min(index, bytes.count))
        let position = bytes[start..<end].reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
        return .syntax(reason: reason, position: position)
    }

    private mutating func skipWhitespace() {
        while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            position += 1
        }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        valueCount += 1
        guard valueCount <= limits.values else { throw .tooManyValues(limit: limits.values) }
        switch current {
        case UInt8(ascii: "\""):
            position += 1
            return .string(try string())
        case UInt8(ascii: "{"):
            guard depth < limits.depth else { throw .tooDeep(limit: limits.depth) }
            position += 1
            return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["):
            guard depth < limits.depth else { throw .tooDeep(limit: limits.depth) }
            position += 1
            return .array(try array(depth: depth + 1))
        case UInt8(ascii: "n") where skip("null"): return .null
        case UInt8(ascii: "t") where skip("true"): return .boolean(true)
        case UInt8(ascii: "f") where skip("false"): return .boolean(false)
        case UInt8(ascii: "N") where skip("NaN"): return .real(.nan)
        case UInt8(ascii: "I") where skip("Infinity"): return .real(.infinity)
        case UInt8(ascii: "-") where skip("-Infinity"): return .real(-.infinity)
        default: return try number()
        }
    }

    private mutating func skip(_ literal: StaticString) -> Bool {
        let end = position + literal.utf8CodeUnitCount
        guard end <= bytes.count,
            literal.withUTF8Buffer({ bytes[position..<end].elementsEqual($0) })
        else { return false }
        position = end
        return true
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        var object = JSONObject()
        skipWhitespace()
        if current == UInt8(ascii: "}") {
            position += 1
            return object
        }
        while true {
            guard current == UInt8(ascii: "\"") else {
                throw error("Expecting property name enclosed in double quotes", at: position)
            }
            position += 1
            let name = try string()
            skipWhitespace()
            guard current == UInt8(ascii: ":") else { throw error("Expecting ':' delimiter", at: position) }
            position += 1
            skipWhitespace()
            object.set(name, to: try value(depth: depth))
            skipWhitespace()
            if current == UInt8(ascii: "}") {
                position += 1
                return object
            }
            guard current == UInt8(ascii: ",") else { throw error("Expecting ',' delimiter", at: position) }
            position += 1
            skipWhitespace()
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        var array: [JSONValue] = []
        skipWhitespace()
        if current == UInt8(ascii: "]") {
            position += 1
            return array
        }
        while true {
            array.append(try value(depth: depth))
            skipWhitespace()
            if current == UInt8(ascii: "]") {
                position += 1
                return array
            }
            guard current == UInt8(ascii: ",") else { throw error("Expecting ',' delimiter", at: position) }
            position += 1
            skipWhitespace()
        }
    }
}
