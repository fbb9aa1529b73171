extension TensorView {
    /// The type of a stored tensor's elements, with the names of the safetensors format.
    ///
    /// The types below one byte and the complex types of newer writers are not included. No CLIP checkpoint uses them,
    /// and a file that does is refused with the names of the tensor and the type.
    public enum ScalarType: String, CaseIterable, Hashable, Sendable {
        case bool = "BOOL"
        case uint8 = "U8"
        case int8 = "I8"
        case float8E5M2 = "F8_E5M2"
        case float8E4M3 = "F8_E4M3"
        case uint16 = "U16"
        case int16 = "I16"
        case float16 = "F16"
        case bfloat16 = "BF16"
        case uint32 = "U32"
        case int32 = "I32"
        case float32 = "F32"
        case uint64 = "U64"
        case int64 = "I64"
        case float64 = "F64"

        /// The bytes of one element.
        public var byteCount: Int {
            switch self {
            case .bool, .uint8, .int8, .float8E5M2, .float8E4M3: 1
            case .uint16, .int16, .float16, .bfloat16: 2
            case .uint32, .int32, .float32: 4
            case .uint64, .int64, .float64: 8
            }
        }
    }
}
