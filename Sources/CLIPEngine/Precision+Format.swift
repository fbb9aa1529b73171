package import CLIPKernels

extension Precision {
    /// The number format that runs for this precision, on a processor with instructions for the formats that `isNative`
    /// accepts.
    ///
    /// - Throws: `invalidConfiguration` if the processor could only emulate the format, more slowly than f32.
    package func format(where isNative: (NumberFormat) -> Bool) throws(EmbeddingError) -> NumberFormat {
        switch self {
        case .auto: return isNative(.bf16) ? .bf16 : .f32
        case .f32: return .f32
        case .bf16:
            guard isNative(.bf16) else { throw notNative("AVX-512 BF16 or Arm BF16") }
            return .bf16
        case .int8:
            guard isNative(.int8) else { throw notNative("AVX-512 VNNI, AVX-VNNI or Arm I8MM") }
            return .int8
        }
    }

    private func notNative(_ instructions: String) -> EmbeddingError {
        .invalidConfiguration([
            "This processor, or this oneDNN, has no instructions for \(rawValue) (\(instructions)); it would be slower than "
                + "f32. Ask for precision auto or f32."
        ])
    }

    /// The precision of a format that runs.
    init(_ format: NumberFormat) {
        switch format {
        case .f32: self = .f32
        case .bf16: self = .bf16
        case .int8: self = .int8
        }
    }
}
