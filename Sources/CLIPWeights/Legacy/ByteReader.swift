/// Reads bytes from front to back; whole numbers are little endian.
struct ByteReader {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { offset == bytes.count }

    /// All bytes, including those that were read.
    var all: [UInt8] { bytes }

    /// The next `count` bytes; nil if there are fewer.
    mutating func part(_ count: Int) -> ByteReader? {
        guard count >= 0, count <= bytes.count - offset else { return nil }
        defer { offset += count }
        return ByteReader(Array(bytes[offset..<offset + count]))
    }

    /// A number of up to eight bytes, which have to exist; it is negative if it needs more than 63 bits.
    mutating func integer(_ count: Int) -> Int {
        precondition(count <= bytes.count - offset, "A number is read from bytes that are there.")
        defer { offset += count }
        let value = bytes[offset..<offset + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(truncatingIfNeeded: value)
    }

    /// Skips bytes, which have to exist.
    mutating func skip(_ count: Int) {
        precondition(count <= bytes.count - offset, "What is passed over is there.")
        offset += count
    }
}
