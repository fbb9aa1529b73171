/// A strict reader of the little JSON that checkpoints carry: objects of strings, numbers and short arrays.
///
/// Foundation's readers keep one of two members with the same name and say nothing. Here every object reports a
/// repeated name, nothing recurses, and a number is a whole count that fits `Int`.
struct JSONScanner {
    /// Forty times the tensors of the largest published CLIP (about 1,600), so that a hostile header stays cheap.
    static let maximumMemberCount = 65_536
    /// Real names have about a hundred; the limit keeps a hostile one out of the log.
    static let maximumNameByteCount = 1_024

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
    /// `duplicate` makes the error for a repeated name. Names that differ only in how Unicode composes them count as
    /// repeated, as `String` compares them.
    mutating func object(
        duplicate: (String) -> WeightError,
        member: (inout JSONScanner, String) throws(WeightError) -> Void
    ) throws(WeightError) {
        try expect("{")
        guard !consume("}") else { return }
        var names: Set<String> = []
        repeat {
            guard names.count < Self.maximumMemberCount else {
                throw failure("at most \(Self.maximumMemberCount) names")
            }
            let name = try string()
            guard name.utf8.count <= Self.maximumNameByteCount else {
                throw failure("a name of at most \(Self.maximumNameByteCount) bytes")
            }
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
        // Bytes rather than a String: a hostile header may be one escape after the other.
        var text: [UInt8] = []
        var start = offset
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                let rest = bytes[start..<offset]
                offset += 1
                return text.isEmpty
                    ? String(decoding: rest, as: UTF8.self) : String(decoding: text + rest, as: UTF8.self)
            case UInt8(ascii: "\\"):
                text += bytes[start..<offset]
                offset += 1
                text += try escapedScalar().utf8
                start = offset
            case 0..<0x20:
                throw failure("no control character within a string")
            default:
                offset += 1
            }
        }
        throw failure("the end of a string")
    }

    private mutating func escapedScalar() throws(WeightError) -> Unicode.Scalar {
        guard let byte = next else { throw failure("an escaped character") }
        let scalar: Unicode.Scalar
        switch Unicode.Scalar(byte) {
        case "\"", "\\", "/": scalar = Unicode.Scalar(byte)
        case "b": scalar = "\u{8}"
        case "f": scalar = "\u{C}"
        case "n": scalar = "\n"
        case "r": scalar = "\r"
        case "t": scalar = "\t"
        case "u":
            offset += 1
            return try hexadecimalScalar()
        default: throw failure("an escaped character")
        }
        offset += 1
        return scalar
    }

    /// Reads the digits after `\u`, and a second escape where the first is half of a pair.
    private mutating func hexadecimalScalar() throws(WeightError) -> Unicode.Scalar {
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

    /// What numbers and the three words are made of.
    private static let wordBytes = Set("0123456789+-.eEtrufalsn".utf8)

    /// Passes over a string, a number, `true`, `false` or `null`.
    mutating func skipScalar() throws(WeightError) {
        skipSpace()
        guard next != UInt8(ascii: "\"") else { return _ = try string() }
        let start = offset
        while let byte = next, Self.wordBytes.contains(byte) { offset += 1 }
        let word = String(decoding: bytes[start..<offset], as: UTF8.self)
        // `Double` also reads "nan" and a leading plus, which JSON does not have.
        let isNumber = word.first.map { $0.isNumber || $0 == "-" } == true && Double(word)?.isNaN == false
        guard isNumber || ["true", "false", "null"].contains(word) else {
            offset = start
            throw failure("a string, a number, true, false or null")
        }
    }
}
