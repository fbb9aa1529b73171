internal import CLIPKernels

extension Precision {
    /// What runs on this processor when this is asked for, with the kernels' name of it.
    ///
    /// - Throws: `invalidConfiguration` where the processor could only imitate it, slower than f32.
    func resolved(
        on engine: ComputeEngine
    ) throws(EmbeddingError) -> (precision: Precision, format: NumberFormat) {
        switch self {
        case .auto: return engine.isNative(.bf16) ? (.bf16, .bf16) : (.f32, .f32)
        case .f32: return (.f32, .f32)
        case .bf16:
            guard engine.isNative(.bf16) else { throw notNative("bf16", "AVX-512 BF16 or Arm BF16") }
            return (.bf16, .bf16)
        case .int8:
            guard engine.isNative(.int8) else { throw notNative("int8", "AVX-512 VNNI or Arm I8MM") }
            return (.int8, .int8)
        }
    }

    private func notNative(_ name: String, _ instructions: String) -> EmbeddingError {
        .invalidConfiguration([
            "This processor, or this oneDNN, has no instructions for \(name) (\(instructions)); it would be slower than "
                + "f32. Ask for precision auto or f32."
        ])
    }
}
