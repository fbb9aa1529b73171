/// Reads numbers of any number of bits, the highest bit first.
struct BitReader {
    private let bytes: FileFields
    private var position = 0

    init(_ bytes: FileFields) {
        self.bytes = bytes
    }

    /// Reads a number of up to 56 bits; nil after the end.
    mutating func next(_ count: Int) -> Int? {
        guard position + count <= bytes.count * 8 else { return nil }
        var value = 0
        for _ in 0..<count {
            value = value << 1 | Int(bytes.bytes[position / 8] >> UInt8(7 - position % 8) & 1)
            position += 1
        }
        return value
    }

    /// Reads one bit; nil after the end.
    mutating func flag() -> Bool? { next(1).map { $0 == 1 } }

    /// Skips some bits; returns false after the end.
    mutating func skip(_ count: Int) -> Bool {
        position += count
        return position <= bytes.count * 8
    }

    /// Reads a number that follows as many zeroes as it has bits: `ue(v)` of HEVC, `uvlc()` of AV1.
    mutating func exponential() -> Int? {
        var zeroes = 0
        while true {
            guard let bit = next(1), zeroes <= 32 else { return nil }
            if bit == 1 { break }
            zeroes += 1
        }
        return next(zeroes).map { 1 << zeroes + $0 - 1 }
    }
}
