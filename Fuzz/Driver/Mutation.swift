/// Bytes that are changed at random.
struct Mutation {
    private(set) var bytes: [UInt8]
    private var random: Seeded

    /// Numbers at which readers often fail, each written in one to four bytes.
    private static let numbers: [UInt32] = [
        0, 1, 2, 3, 4, 7, 8, 15, 16, 32, 64, 127, 128, 254, 255, 256, 512, 1000, 1024, 4096, 8192, 16384,
        32767, 32768, 65534, 65535,
        65536, 1 << 20, 1 << 24, 0x7FFF_FFFE, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF,
    ]

    init(_ bytes: [UInt8], random: Seeded) {
        self.bytes = bytes
        self.random = random
    }

    /// Makes one to three changes; `other` is a picture of the same format, from which parts are taken.
    mutating func change(with other: [UInt8]) {
        for _ in 0...random.below(3) where !bytes.isEmpty {
            switch random.below(10) {
            case 0: bytes[place()] ^= 1 << UInt8(random.below(8))
            case 1: bytes[place()] = UInt8(random.below(256))
            case 2, 3, 4: putNumber()
            case 5: bytes.removeSubrange(range(atMost: 64))
            case 6: bytes.removeSubrange(place()...)
            case 7:
                let part = bytes[range(atMost: 256)]
                for _ in 0...random.below(4) { bytes.insert(contentsOf: part, at: place()) }
            case 8 where !other.isEmpty:
                let begin = random.below(other.count)
                let part = other[begin..<min(other.count, begin + 1 + random.below(256))]
                bytes.replaceSubrange(range(atMost: part.count), with: part)
            default:
                for index in range(atMost: 32) { bytes[index] = UInt8(random.below(256)) }
            }
        }
    }

    /// Writes an unusual number in either byte order.
    private mutating func putNumber() {
        let number = Self.numbers[random.below(Self.numbers.count)]
        let width = 1 << random.below(3)
        let start = place()
        let isBig = random.below(2) == 0
        for index in 0..<min(width, bytes.count - start) {
            bytes[start + index] = UInt8(
                truncatingIfNeeded: number >> (8 * UInt32(isBig ? width - 1 - index : index))
            )
        }
    }

    /// A random place, mostly near the beginning, where headers are.
    private mutating func place() -> Int {
        random.below(3) == 0 ? random.below(bytes.count) : random.below(min(bytes.count, 400))
    }

    private mutating func range(atMost count: Int) -> Range<Int> {
        let start = place()
        return start..<min(bytes.count, start + 1 + random.below(max(1, count)))
    }

    /// Gives the chunks of a PNG the right checksums, because a reader that refuses all of them is not tested.
    mutating func mendChecksums() {
        var start = 8
        while start + 12 <= bytes.count {
            let length = bytes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - start - 12 else { return }
            let end = start + 8 + length
            let sum = Self.checksum(bytes[(start + 4)..<end])
            for index in 0..<4 {
                bytes[end + index] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * index))
            }
            start = end + 4
        }
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var sum = UInt32.max
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return ~sum
    }
}

/// SplitMix64, which gives the same numbers everywhere.
struct Seeded {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15
    }

    /// A number that is at least 0 and less than `bound`.
    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        value ^= value >> 31
        return Int(value % UInt64(bound))
    }
}
