/// Reads numbers of a file at offsets that may lie outside it.
struct FileFields {
    let bytes: UnsafeRawBufferPointer
    var isBigEndian = true

    var count: Int { bytes.count }

    /// An unsigned number of up to eight bytes; nil if a byte of it is missing or it does not fit into an `Int`.
    func number(at offset: Int, bytes count: Int) -> Int? {
        guard offset >= 0, count <= bytes.count, offset <= bytes.count - count else { return nil }
        var value: UInt64 = 0
        for index in 0..<count {
            value = value << 8 | UInt64(bytes[offset + (isBigEndian ? index : count - 1 - index)])
        }
        return Int(exactly: value)
    }

    /// Whether these ASCII characters stand at the offset.
    func has(_ text: StaticString, at offset: Int) -> Bool {
        guard offset >= 0, offset <= bytes.count - text.utf8CodeUnitCount else { return false }
        return (0..<text.utf8CodeUnitCount).allSatisfy { bytes[offset + $0] == text.utf8Start[$0] }
    }

    /// A part of the file; nil if the file does not have all of it.
    func part(from start: Int, to end: Int) -> FileFields? {
        guard 0 <= start, start <= end, end <= bytes.count else { return nil }
        return FileFields(
            bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<end]),
            isBigEndian: isBigEndian
        )
    }
}

extension Int {
    /// The product, or the largest `Int` if the product is too large; for numbers from files.
    func times(_ other: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }

    /// The sum, or the largest `Int` if the sum is too large.
    func plus(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
