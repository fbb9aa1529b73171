internal import CLIPWeights

/// IEEE's half precision, in which embeddings are kept in files and databases.
///
/// Swift's own `Float16` does not exist on every system.
package enum HalfFloat {
    /// The exact value of a half's bits.
    package static func value(of bits: UInt16) -> Float { FloatConversion.float(half: bits) }

    /// The bits of the half that is nearest; of two that are as near, the one whose last bit is 0.
    ///
    /// So numpy rounds.
    package static func bits(of value: Float) -> UInt16 {
        let bits = value.bitPattern
        let sign = UInt16(bits >> 16 & 0x8000)
        let magnitude = bits & 0x7FFF_FFFF
        // Infinity, and what is no number, of which the upper bits are kept.
        if magnitude >= 0x7F80_0000 {
            guard magnitude > 0x7F80_0000 else { return sign | 0x7C00 }
            let payload = UInt16(magnitude >> 13 & 0x3FF)
            return sign | 0x7C00 | (payload == 0 ? 1 : payload)
        }
        let exponent = Int(magnitude >> 23) - 127
        // From 65520 on the nearest is infinity.
        if exponent > 15 { return sign | 0x7C00 }
        let fraction = magnitude & 0x7F_FFFF | 0x80_0000
        // Below 2^-14 halves have steps of 2^-24; below half of that, zero is the nearest.
        let shift = exponent >= -14 ? 13 : -1 - exponent
        guard shift <= 24 else { return sign }
        let kept = fraction >> UInt32(shift)
        let rest = fraction & (1 << UInt32(shift) - 1)
        let half: UInt32 = 1 << UInt32(shift - 1)
        let isUp = rest > half || (rest == half && kept & 1 == 1)
        let rounded = kept + (isUp ? 1 : 0)
        // The leading one of an ordinary half is part of its exponent, and so is what rounding carries.
        let base: UInt32 = exponent >= -14 ? UInt32(exponent + 14) << 10 : 0
        return sign | UInt16(base + rounded)
    }
}
