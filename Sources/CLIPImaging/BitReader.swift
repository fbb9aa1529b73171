/// Numbers of any count of bits, the highest first.
struct BitReader {
    private let bytes: FileFields
    private var position = 0

    init(_ bytes: FileFields) {
        self.bytes = bytes
    }

    /// Up to 56 bits; nil past the end.
    mutating func next(_ count: Int) -> Int? {
        guard position + count <= bytes.count * 8 else { return nil }
        var value = 0
        for _ in 0..<count {
            value = value << 1 | Int(bytes.bytes[position / 8] >> UInt8(7 - position % 8) & 1)
            position += 1
        }
        return value
    }

    /// A bit; nil past the end.
    mutating func flag() -> Bool? { next(1).map { $0 == 1 } }

    /// Steps over so many bits; false past the end.
    mutating func skip(_ count: Int) -> Bool {
        position += count
        return position <= bytes.count * 8
    }

    /// A number behind as many zeroes as it has bits: `ue(v)` of HEVC, `uvlc()` of AV1.
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
