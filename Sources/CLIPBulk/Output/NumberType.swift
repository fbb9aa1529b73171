internal import CLIPEngine

/// How the numbers of an embedding are written.
package enum NumberType: String, CaseIterable, Sendable {
    case f32
    case f16

    /// Of one number.
    var byteCount: Int { self == .f32 ? 4 : 2 }

    /// Appends numbers in the machine's order of bytes, which is the little-endian one wherever safetensors are read.
    func append(_ values: [Float], to bytes: inout [UInt8]) {
        switch self {
        case .f32: values.withUnsafeBytes { bytes.append(contentsOf: $0) }
        case .f16:
            values.map(HalfFloat.bits).withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
    }
}
