/// Writes values as Apache Thrift's compact protocol has them, for the headers of Parquet.
struct CompactProtocol {
    private(set) var bytes: [UInt8] = []
    /// The last field's number, in each struct that is open.
    private var last = [0]

    private enum Kind: UInt8 {
        case int32 = 5
        case int64 = 6
        case binary = 8
        case list = 9
        case structure = 12
    }

    /// The elements of a list.
    enum Elements: UInt8 {
        case int32 = 5
        case binary = 8
        case structure = 12
    }

    mutating func field(_ number: Int, _ value: Int32) {
        begin(number, .int32)
        write(signed: Int(value))
    }

    mutating func field(_ number: Int, _ value: Int) {
        begin(number, .int64)
        write(signed: value)
    }

    mutating func field(_ number: Int, _ text: String) {
        begin(number, .binary)
        write(text)
    }

    mutating func field(_ number: Int, _ body: (inout Self) -> Void) {
        begin(number, .structure)
        structure(body)
    }

    /// - Parameter body: writes the elements.
    mutating func list(_ number: Int, of elements: Elements, count: Int, _ body: (inout Self) -> Void) {
        begin(number, .list)
        if count < 15 {
            bytes.append(UInt8(count) << 4 | elements.rawValue)
        } else {
            bytes.append(0xF0 | elements.rawValue)
            write(UInt(count))
        }
        body(&self)
    }

    /// A struct by itself, or as an element.
    mutating func structure(_ body: (inout Self) -> Void) {
        last.append(0)
        body(&self)
        last.removeLast()
        bytes.append(0)
    }

    /// A whole number as an element.
    mutating func write(signed value: Int) { write(UInt(bitPattern: value << 1 ^ value >> 63)) }

    /// A text as an element.
    mutating func write(_ text: String) {
        write(UInt(text.utf8.count))
        bytes += text.utf8
    }

    private mutating func begin(_ number: Int, _ kind: Kind) {
        let step = number - last[last.count - 1]
        precondition((1...15).contains(step), "Fields are written in their order.")
        bytes.append(UInt8(step) << 4 | kind.rawValue)
        last[last.count - 1] = number
    }

    /// Seven bits a byte, the lowest first.
    private mutating func write(_ value: UInt) { Self.append(value, to: &bytes) }

    /// Appends a number in seven bits a byte, the lowest first.
    static func append(_ value: UInt, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
