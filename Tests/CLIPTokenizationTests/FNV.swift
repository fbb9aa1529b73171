/// The hash of the goldens that are too large to commit: FNV-1a, 64 bits, over 32-bit values.
enum FNV {
    static func hash(_ values: some Sequence<UInt32>) -> String {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for value in values {
            // Written out, because a debug build spends most of the exhaustive tests here.
            let value = UInt64(value)
            state = (state ^ value & 0xFF) &* 0x100_0000_01B3
            state = (state ^ value >> 8 & 0xFF) &* 0x100_0000_01B3
            state = (state ^ value >> 16 & 0xFF) &* 0x100_0000_01B3
            state = (state ^ value >> 24) &* 0x100_0000_01B3
        }
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
