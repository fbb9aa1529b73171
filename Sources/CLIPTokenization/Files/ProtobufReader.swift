/// Reads the fields of a protocol buffers message one by one, strictly.
///
/// A message that is cut off or malformed is refused at the byte where that shows. Groups, which have long been out of
/// use, are refused.
///
/// Source: "Encoding" of the Protocol Buffers documentation.
struct ProtobufReader {
    enum Value {
        case number(UInt64)
        case bits(UInt32)
        case longBits(UInt64)
        /// The range of a text, of bytes or of a message in the file.
        case bytes(Range<Int>)
    }

    private let bytes: [UInt8]
    private let file: String
    private var index: Int
    private let end: Int

    /// Reads the message in `range` of the file, or the whole file.
    init(_ bytes: [UInt8], range: Range<Int>? = nil, file: String) {
        self.bytes = bytes
        self.file = file
        index = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
    }

    /// The error for something malformed at the present position.
    var malformed: TokenizationError { .malformedModel(file: file, offset: index) }

    /// The number and the value of the next field; nil after the last.
    mutating func next() throws(TokenizationError) -> (field: Int, value: Value)? {
        guard index < end else { return nil }
        let tag = try number()
        guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw malformed }
        let field = Int(tag >> 3)
        switch tag & 7 {
        case 0: return (field, .number(try number()))
        case 1: return (field, .longBits(try fixed(8)))
        case 2:
            let length = try number()
            guard length <= UInt64(end - index) else { throw malformed }
            let start = index
            index += Int(length)
            return (field, .bytes(start..<index))
        case 5: return (field, .bits(UInt32(try fixed(4))))
        default: throw malformed
        }
    }

    private mutating func number() throws(TokenizationError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard index < end else { throw malformed }
            let byte = bytes[index]
            guard shift < 63 || byte < 2 else { throw malformed }
            index += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw malformed
    }

    private mutating func fixed(_ count: Int) throws(TokenizationError) -> UInt64 {
        guard end - index >= count else { throw malformed }
        defer { index += count }
        return (0..<count).reduce(0) { $0 | UInt64(bytes[index + $1]) << (8 * UInt64($1)) }
    }
}
