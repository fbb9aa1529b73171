import Foundation

/// Writes safetensors files for tests: honest ones from tensors, lying ones from any header.
enum SafetensorsBytes {
    struct Tensor: Equatable {
        var name: String
        var type: String
        var shape: [Int]
        var data: [UInt8]

        init(_ name: String, _ type: String, _ shape: [Int], _ data: [UInt8]) {
            self.name = name
            self.type = type
            self.shape = shape
            self.data = data
        }

        init(_ name: String, _ shape: [Int], floats: [Float]) {
            self.init(name, "F32", shape, floats.flatMap { littleEndian($0.bitPattern) })
        }
    }

    static func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// A file with that header text, whatever it says, and that many bytes after it.
    static func file(header: [UInt8], data: [UInt8] = []) -> [UInt8] {
        littleEndian(UInt64(header.count)) + header + data
    }

    static func file(header: String, data: [UInt8] = []) -> [UInt8] {
        file(header: [UInt8](header.utf8), data: data)
    }

    /// The members of an honest header, the tensors lying one after the other.
    static func entries(_ tensors: [Tensor]) -> [String] {
        var begin = 0
        return tensors.map { tensor in
            defer { begin += tensor.data.count }
            return "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type)\",\"shape\":\(tensor.shape),"
                + "\"data_offsets\":[\(begin),\(begin + tensor.data.count)]}"
        }
    }

    /// An honest file; `padding` spaces at the end of the header move the data.
    static func file(_ tensors: [Tensor], padding: Int = 0) -> [UInt8] {
        let header =
            "{" + entries(tensors).joined(separator: ",") + "}" + String(repeating: " ", count: padding)
        return file(header: header, data: tensors.flatMap(\.data))
    }

    private static func quoted(_ name: String) -> String {
        let escaped = name.unicodeScalars.map { scalar in
            scalar == "\"" || scalar == "\\"
                ? "\\\(scalar)" : scalar.value < 0x20 ? "\\u00\(hex(scalar))" : "\(scalar)"
        }
        return "\"\(escaped.joined())\""
    }

    private static func hex(_ scalar: Unicode.Scalar) -> String {
        String(format: "%02x", scalar.value)
    }
}
