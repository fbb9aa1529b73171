#if _endian(big)
#error("Safetensors are little endian, and so must the machine be.")
#endif

/// Converts stored elements to `Float`, at any alignment.
///
/// Half precision is converted by integer and float operations that every processor has. Swift's own `Float(Float16)`
/// is a call for each element on an x86-64 baseline without F16C, while these loops are vectorised.
package enum FloatConversion {
    /// Whether elements of this type can be converted to `Float`.
    static func reads(_ type: TensorView.ScalarType) -> Bool {
        switch type {
        case .float32, .float16, .bfloat16, .float64: true
        case .bool, .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64, .float8E4M3,
            .float8E5M2:
            false
        }
    }

    /// Fills `destination` from `source`, which has to hold as many elements of a type that `reads(_:)` accepts.
    static func convert(
        _ source: UnsafeRawBufferPointer,
        of type: TensorView.ScalarType,
        into destination: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(reads(type), "Only floating-point elements convert to Float.")
        precondition(
            source.count == destination.count * type.byteCount,
            "Both sides must have the same count."
        )
        guard let from = source.baseAddress, let to = destination.baseAddress else { return }
        switch type {
        case .float16:
            for index in 0..<destination.count {
                let half = from.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)
                (to + index).initialize(to: float(half: half))
            }
        case .bfloat16:
            for index in 0..<destination.count {
                let upper = from.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)
                (to + index).initialize(to: Float(bitPattern: UInt32(upper) << 16))
            }
        case .float64:
            for index in 0..<destination.count {
                (to + index).initialize(
                    to: Float(from.loadUnaligned(fromByteOffset: index &* 8, as: Double.self))
                )
            }
        default:
            UnsafeMutableRawPointer(to).copyMemory(from: from, byteCount: source.count)
        }
    }

    /// The exact value of an IEEE half, including zeros, subnormals, infinities and the payloads of NaNs.
    @inline(__always)
    package static func float(half: UInt16) -> Float {
        // The bits move from 5 exponent bits, biased by 15, and 10 fraction bits to 8 exponent bits, biased by 127, and
        // 23.
        let magnitude = UInt32(half & 0x7FFF) << 13
        let exponent = magnitude & 0x0F80_0000
        let rebiased = magnitude &+ (112 << 23)
        // A subnormal half has no leading one: it gets the smallest exponent, whose value is then subtracted as a
        // float.
        let subnormal = (Float(bitPattern: rebiased &+ (1 << 23)) - Float(bitPattern: 113 << 23)).bitPattern
        let special = rebiased &+ (112 << 23)
        let bits = exponent == 0 ? subnormal : exponent == 0x0F80_0000 ? special : rebiased
        return Float(bitPattern: bits | UInt32(half & 0x8000) << 16)
    }
}
