/// A 64-bit checksum that detects accidents, such as a torn write or a bad disk.
///
/// It does not protect against people. It uses four lanes of multiply and rotate, so that memory speed is the limit.
struct Checksum {
    private var lanes: (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
    private var count: UInt64 = 0

    private static let factor: UInt64 = 0x9e37_79b9_7f4a_7c15

    /// Adds bytes; only in the last piece may their number not be a multiple of 32.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        count &+= UInt64(bytes.count)
        var lanes = lanes
        var offset = 0
        while offset + 32 <= bytes.count {
            lanes.0 = Self.mix(lanes.0, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            lanes.1 = Self.mix(lanes.1, bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
            lanes.2 = Self.mix(lanes.2, bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
            lanes.3 = Self.mix(lanes.3, bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
            offset += 32
        }
        for index in offset..<bytes.count { lanes.0 = Self.mix(lanes.0, UInt64(bytes[index])) }
        self.lanes = lanes
    }

    /// The checksum of a text's UTF-8.
    static func text(of text: String) -> String {
        var checksum = Checksum()
        var text = text
        text.withUTF8 { checksum.add(UnsafeRawBufferPointer($0)) }
        return checksum.text
    }

    /// The checksum as sixteen hexadecimal digits.
    var text: String {
        var sum = count
        for lane in [lanes.0, lanes.1, lanes.2, lanes.3] { sum = Self.mix(sum, lane) }
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    @inline(__always)
    private static func mix(_ sum: UInt64, _ word: UInt64) -> UInt64 {
        let mixed = (sum ^ word) &* factor
        return mixed &<< 29 | mixed &>> 35
    }
}
