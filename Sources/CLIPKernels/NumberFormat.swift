internal import COneDNN
internal import CSimd

/// How the numbers of a layer's weights and input are kept, which says with which instructions it is computed.
public enum NumberFormat: String, CaseIterable, Hashable, Sendable {
    /// 32-bit floating point.
    case f32
    /// The upper half of an f32; products are summed as f32.
    case bf16
    /// Bytes times a scale, one for each output of the weights and, found anew in every pass, one for each row of the
    /// input; products are summed as whole numbers.
    ///
    /// The weights' are signed. The input's are 128 more than what they stand for: the processor's instructions multiply
    /// unsigned with signed bytes, and what the sums are too large by is known of each output beforehand.
    case int8

    /// The bytes of one number.
    public var byteCount: Int {
        switch self {
        case .f32: 4
        case .bf16: 2
        case .int8: 1
        }
    }

    /// What attention reads and writes in a network whose linear layers read this.
    public var betweenLayers: NumberFormat { self == .bf16 ? .bf16 : .f32 }

    var type: codnn_type {
        switch self {
        case .f32: codnn_f32
        case .bf16: codnn_bf16
        case .int8: codnn_s8
        }
    }

    var format: csimd_format {
        switch self {
        case .f32: csimd_f32
        case .bf16: csimd_bf16
        case .int8: csimd_int8
        }
    }
}
