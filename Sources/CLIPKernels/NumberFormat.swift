internal import COneDNN
internal import CSimd

/// The format of the numbers in a layer's weights and input, which decides the instructions that compute it.
public enum NumberFormat: String, CaseIterable, Hashable, Sendable {
    /// 32-bit floating point.
    case f32
    /// The upper half of an f32; products are summed in f32.
    case bf16
    /// Bytes with a scale; products are summed as whole numbers.
    ///
    /// Weights have one scale for each output. Inputs have one for each row, which every pass finds anew. The weights'
    /// bytes are signed. An input's byte is 128 more than the number that it stands for, because the processor's
    /// instructions multiply unsigned by signed bytes. The excess that this adds to an output's sums is known
    /// beforehand.
    case int8

    /// The bytes of one number.
    public var byteCount: Int {
        switch self {
        case .f32: 4
        case .bf16: 2
        case .int8: 1
        }
    }

    /// The format that attention reads and writes in a network whose linear layers read this format.
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
