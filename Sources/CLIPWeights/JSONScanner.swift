/// A strict reader of the little JSON that checkpoints carry: objects of strings, numbers and short arrays.
///
/// Foundation's readers keep one of two members with the same name and say nothing. Here every object reports a
/// repeated name, nothing recurses, and a number is a whole count that fits `Int`.
struct JSONScanner {
    private let file: String
    private let bytes: [UInt8]
    private var offset = 0

    /// Refuses bytes that are not UTF-8 or do not begin with `{`, as the safetensors format demands of its header.
    init(_ bytes: [UInt8], file: String) throws(WeightError) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8(file: file) }
        self.file = file
        self.bytes = bytes
        guard next == UInt8(ascii: "{") else { throw failure("'{'") }
    }

    private var next: UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    private func failure(_ expected: String) -> WeightError {
        .malformedJSON(file: file, offset: offset, expected: expected)
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { offset += 1 }
    }

    private mutating func consume(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(WeightError) {
        guard consume(character) else { throw failure("'\(character)'") }
    }

    /// Demands that nothing but white space is left.
    mutating func end() throws(WeightError) {
        skipSpace()
        guard next == nil else { throw failure("the end") }
    }

    /// Reads an object, where `member` must read the value of each name.
    ///
    /// `duplicate` makes the error for a repeated name. Names that differ only in how Unicode composes them count as repeated, as `String` compares them.
    mutating func object(
        duplicate: (String) -> WeightError,
        member: (inout JSONScanner, String) throws(WeightError) -> Void
    ) throws(WeightError) {
        try expect("{")
        guard !consume("}") else { return }
        var names: Set<String> = []
        repeat {
            let name = try string()
            guard names.insert(name).inserted else { throw duplicate(name) }
            try expect(":")
            try member(&self, name)
        } while consume(",")
        try expect("}")
    }

    /// Reads an array of whole numbers, of which there may be at most `limit`; `nil` when there are more.
    mutating func counts(limit: Int) throws(WeightError) -> [Int]? {
        try expect("[")
        guard !consume("]") else { return [] }
        var counts: [Int] = []
        repeat {
            guard counts.count < limit else { return nil }
            counts.append(try count())
        } while consume(",")
        try expect("]")
        return counts
    }

    /// Reads an array of exactly two whole numbers.
    mutating func pairOfCounts() throws(WeightError) -> (Int, Int) {
        try expect("[")
        let first = try count()
        try expect(",")
        let second = try count()
        try expect("]")
        return (first, second)
    }

    /// Reads a whole number from 0 to `Int.max`, written without sign, fraction, exponent or leading zero.
    mutating func count() throws(WeightError) -> Int {
        skipSpace()
        let start = offset
        var value = 0
        while let byte = next, (0x30...0x39).contains(byte) {
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = shifted.addingReportingOverflow(Int(byte - 0x30))
            guard !overflow, !carry else { throw failure("a number below 2^63") }
            value = sum
            offset += 1
        }
        guard offset > start else { throw failure("a whole number") }
        guard offset == start + 1 || bytes[start] != 0x30 else {
            offset = start
            throw failure("a number without leading zeros")
        }
        if let byte = next, byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e") {
            throw failure("a whole number")
        }
        return value
    }

    /// Reads a string and resolves its escapes.
    mutating func string() throws(WeightError) -> String {
        guard consume("\"") else { throw failure("a string") }
        var text: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                offset += 1
                text.append(contentsOf: try escapedCharacter().utf8)
            case 0..<0x20:
                throw failure("no control character within a string")
            default:
                text.append(byte)
                offset += 1
            }
        }
        throw failure("the end of a string")
    }

    private mutating func escapedCharacter() throws(WeightError) -> String {
        guard let byte = next else { throw failure("an escaped character") }
        let plain: Unicode.Scalar
        switch Unicode.Scalar(byte) {
        case "\"", "\\", "/": plain = Unicode.Scalar(byte)
        case "b": plain = "\u{8}"
        case "f": plain = "\u{C}"
        case "n": plain = "\n"
        case "r": plain = "\r"
        case "t": plain = "\t"
        case "u":
            offset += 1
            return String(try escapedScalar())
        default: throw failure("an escaped character")
        }
        offset += 1
        return String(plain)
    }

    /// Reads the digits after `\u`, and a second escape where the first is half of a pair.
    private mutating func escapedScalar() throws(WeightError) -> Unicode.Scalar {
        let first = try fourHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), next == UInt8(ascii: "\\") else {
            throw failure("a surrogate pair")
        }
        offset += 1
        guard next == UInt8(ascii: "u") else { throw failure("a surrogate pair") }
        offset += 1
        let second = try fourHexDigits()
        guard UTF16.isTrailSurrogate(second) else { throw failure("a surrogate pair") }
        let value = 0x10000 + (UInt32(first) & 0x3FF) << 10 + UInt32(second) & 0x3FF
        guard let scalar = Unicode.Scalar(value) else { throw failure("a surrogate pair") }
        return scalar
    }

    private mutating func fourHexDigits() throws(WeightError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("four hexadecimal digits")
            }
            value = value << 4 | UInt16(digit)
            offset += 1
        }
        return value
    }

    /// Passes over one value of any kind, at most 64 levels deep.
    ///
    /// Only brackets and strings are looked at.
    mutating func skipValue() throws(WeightError) {
        var depth = 0
        repeat {
            skipSpace()
            guard let byte = next else { throw failure("a value") }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                guard depth <= 64 else { throw failure("at most 64 levels") }
                offset += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { throw failure("a value") }
                depth -= 1
                offset += 1
            case UInt8(ascii: "\""):
                _ = try string()
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard depth > 0 else { throw failure("a value") }
                offset += 1
            default:
                try skipWord()
            }
        } while depth > 0
    }

    /// Passes over a number, `true`, `false` or `null`.
    private mutating func skipWord() throws(WeightError) {
        let start = offset
        while let byte = next,
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
        {
            offset += 1
        }
        guard offset > start else { throw failure("a value") }
    }
}
