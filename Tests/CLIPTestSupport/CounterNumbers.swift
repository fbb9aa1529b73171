/// Random-looking floats that are the same in Swift and in Python (`Scripts/goldens/tiny_model.py`), bit for bit.
///
/// Number i of a name is a function of the two alone (SplitMix64 of a hash of the name plus a counter), so weights and
/// inputs need not be committed, and adding one tensor changes no other.
public enum CounterNumbers {
    /// `count` floats, uniform in `offset - scale ..< offset + scale`.
    public static func floats(_ name: String, count: Int, scale: Float = 1, offset: Float = 0) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            var state = key(name)
            for index in 0..<count {
                state &+= 0x9E37_79B9_7F4A_7C15
                // The upper 24 bits as a fraction in -1 ..< 1; exact in a float, so only the next line rounds.
                let fraction = Float(Int32(truncatingIfNeeded: mix(state) >> 40)) * 0x1p-23 - 1
                buffer.initializeElement(at: index, to: fraction * scale + offset)
            }
            initialized = count
        }
    }

    /// `count` integers in `0 ..< bound`.
    public static func integers(_ name: String, count: Int, below bound: Int) -> [Int] {
        (1...max(count, 1)).prefix(count).map { index in
            Int(mix(key(name) &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15) >> 33) % bound
        }
    }

    /// FNV-1a over the name's UTF-8.
    private static func key(_ name: String) -> UInt64 {
        name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    private static func mix(_ state: UInt64) -> UInt64 {
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
