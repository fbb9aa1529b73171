/// Reads JSON from its beginning to its end, strictly, without building a tree: vocabularies have 50,000 members.
struct JSONReader {
    /// A vocabulary nests four deep.
    private static let deepest = 32

    private let bytes: [UInt8]
    private let file: String
    private var index = 0

    /// Reads JSON that was checked to be UTF-8.
    init(_ bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    /// What an error at the present place is.
    var malformed: TokenizationError { .malformedJSON(file: file, offset: index) }

    /// The next value's first byte.
    mutating func peek() throws(TokenizationError) -> UInt8 {
        while index < bytes.count, bytes[index] <= 0x20, Self.isBlank(bytes[index]) { index += 1 }
        guard index < bytes.count else { throw malformed }
        return bytes[index]
    }

    /// Whether the next value is of the kind that begins so.
    mutating func isNext(_ byte: Unicode.Scalar) throws(TokenizationError) -> Bool {
        try peek() == UInt8(ascii: byte)
    }

    /// Nothing but white space may follow.
    mutating func finish() throws(TokenizationError) {
        while index < bytes.count, Self.isBlank(bytes[index]) { index += 1 }
        guard index == bytes.count else { throw malformed }
    }

    /// Reads an object; `member` has to read or skip each value.
    mutating func object(
        _ member: (inout JSONReader, [UInt8]) throws(TokenizationError) -> Void
    ) throws(TokenizationError) {
        try expect("{")
        if try take("}") { return }
        repeat {
            let name = try string()
            try expect(":")
            try member(&self, name)
        } while try take(",")
        try expect("}")
    }

    /// Reads an array; `element` has to read or skip each value.
    mutating func array(
        _ element: (inout JSONReader) throws(TokenizationError) -> Void
    ) throws(TokenizationError) {
        try expect("[")
        if try take("]") { return }
        repeat { try element(&self) } while try take(",")
        try expect("]")
    }

    /// Reads a string, as UTF-8.
    mutating func string() throws(TokenizationError) -> [UInt8] {
        try expect("\"")
        var out: [UInt8] = []
        while index < bytes.count {
            let start = index
            while index < bytes.count, bytes[index] != 0x22, bytes[index] != 0x5C, bytes[index] >= 0x20 {
                index += 1
            }
            if out.isEmpty { out = Array(bytes[start..<index]) } else { out += bytes[start..<index] }
            guard index < bytes.count, bytes[index] >= 0x20 else { throw malformed }
            index += 1
            if bytes[index - 1] == 0x22 { return out }
            out.append(contentsOf: UTF8Decoder.bytes([try escape()]))
        }
        throw malformed
    }

    /// Reads a whole number; one with a fraction or an exponent is refused.
    mutating func integer() throws(TokenizationError) -> Int {
        let start = (try peek(), index).1
        if bytes[index] == UInt8(ascii: "-") { index += 1 }
        let digits = index
        while index < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[index] { index += 1 }
        let isPadded = index - digits > 1 && bytes[digits] == UInt8(ascii: "0")
        let isNumber = index == bytes.count || ![0x2E, 0x45, 0x65].contains(bytes[index])
        guard !isPadded, isNumber, let value = Int(String(decoding: bytes[start..<index], as: UTF8.self))
        else {
            throw malformed
        }
        return value
    }

    /// Reads a number as it is written: digits, and what may stand among them.
    mutating func number() throws(TokenizationError) -> ArraySlice<UInt8> {
        let start = (try peek(), index).1
        while index < bytes.count, Self.isOfNumber(bytes[index]) { index += 1 }
        let digits = bytes[start..<index].drop { $0 == 0x2D }
        guard let first = digits.first, 0x30...0x39 ~= first, digits.startIndex - start <= 1 else {
            throw malformed
        }
        return bytes[start..<index]
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65: true
        default: false
        }
    }

    /// Skips a value of any kind.
    mutating func skip(depth: Int = 0) throws(TokenizationError) {
        guard depth < Self.deepest else { throw malformed }
        switch try peek() {
        case UInt8(ascii: "{"):
            try object { (reader, _) throws(TokenizationError) in try reader.skip(depth: depth + 1) }
        case UInt8(ascii: "["):
            try array { (reader) throws(TokenizationError) in try reader.skip(depth: depth + 1) }
        case UInt8(ascii: "\""):
            _ = try string()
        default:
            let start = index
            while index < bytes.count, isPlain(bytes[index]) { index += 1 }
            let word = bytes[start..<index]
            let isConstant = ["true", "false", "null"].contains { word.elementsEqual($0.utf8) }
            guard isConstant || isNumber(word) else { throw malformed }
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    /// Numbers that are skipped may lead with zeros; nothing else departs from JSON.
    private func isNumber(_ word: ArraySlice<UInt8>) -> Bool {
        guard let first = word.first, first == 0x2D || 0x30...0x39 ~= first else { return false }
        let isDecimal = word.allSatisfy { $0 < 0x41 || $0 == 0x45 || $0 == 0x65 }
        return isDecimal && Double(String(decoding: word, as: UTF8.self)) != nil
    }

    private func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E: true
        default: false
        }
    }

    private mutating func expect(_ byte: Unicode.Scalar) throws(TokenizationError) {
        guard try take(byte) else { throw malformed }
    }

    private mutating func take(_ byte: Unicode.Scalar) throws(TokenizationError) -> Bool {
        guard try peek() == UInt8(ascii: byte) else { return false }
        index += 1
        return true
    }

    /// The character of an escape, behind its backslash; half of a surrogate pair is refused.
    private mutating func escape() throws(TokenizationError) -> UInt32 {
        guard index < bytes.count else { throw malformed }
        index += 1
        switch bytes[index - 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt32(bytes[index - 1])
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            guard 0xD800...0xDFFF ~= unit else { return unit }
            guard unit < 0xDC00, bytes[index...].starts(with: [0x5C, 0x75]) else { throw malformed }
            index += 2
            let second = try codeUnit()
            guard 0xDC00...0xDFFF ~= second else { throw malformed }
            return 0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00)
        default: throw malformed
        }
    }

    private mutating func codeUnit() throws(TokenizationError) -> UInt32 {
        guard index + 4 <= bytes.count else { throw malformed }
        var unit: UInt32 = 0
        for byte in bytes[index..<(index + 4)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw malformed }
            unit = unit << 4 | UInt32(digit)
        }
        index += 4
        return unit
    }
}
