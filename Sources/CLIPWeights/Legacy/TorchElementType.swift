/// PyTorch's names for the types of elements.
enum TorchElementType: String, CaseIterable {
    case bool, uint8, int8, int16, int32, int64, uint16, uint32, uint64
    case float16, bfloat16, float32, float64, complex64, complex128
    case float8E4M3 = "float8_e4m3fn"
    case float8E5M2 = "float8_e5m2"
    case float8E4M3Unsigned = "float8_e4m3fnuz"
    case float8E5M2Unsigned = "float8_e5m2fnuz"
    case float8E8M0 = "float8_e8m0fnu"

    /// Finds the type by the name of the class in `torch` for a storage of such elements.
    init?(storageClass name: String) {
        switch name {
        case "BoolStorage": self = .bool
        case "ByteStorage": self = .uint8
        case "CharStorage": self = .int8
        case "ShortStorage": self = .int16
        case "IntStorage": self = .int32
        case "LongStorage": self = .int64
        case "HalfStorage": self = .float16
        case "BFloat16Storage": self = .bfloat16
        case "FloatStorage": self = .float32
        case "DoubleStorage": self = .float64
        case "ComplexFloatStorage": self = .complex64
        case "ComplexDoubleStorage": self = .complex128
        default: return nil
        }
    }

    /// The bytes of one element.
    var byteCount: Int {
        switch self {
        case .bool, .uint8, .int8, .float8E4M3, .float8E5M2, .float8E4M3Unsigned, .float8E5M2Unsigned,
            .float8E8M0:
            1
        case .int16, .uint16, .float16, .bfloat16: 2
        case .int32, .uint32, .float32: 4
        case .int64, .uint64, .float64, .complex64: 8
        case .complex128: 16
        }
    }

    /// The type in safetensors; nil for one that this package does not write.
    var scalarType: TensorView.ScalarType? {
        switch self {
        case .bool: .bool
        case .uint8: .uint8
        case .int8: .int8
        case .int16: .int16
        case .int32: .int32
        case .int64: .int64
        case .uint16: .uint16
        case .uint32: .uint32
        case .uint64: .uint64
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .float32: .float32
        case .float64: .float64
        case .float8E4M3: .float8E4M3
        case .float8E5M2: .float8E5M2
        case .complex64, .complex128, .float8E4M3Unsigned, .float8E5M2Unsigned, .float8E8M0: nil
        }
    }
}
