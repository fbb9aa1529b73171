/// Writes a safetensors file of byte tensors, which gets its name only when it is complete.
///
/// Every tensor begins at a multiple of 64 bytes, with zeros between tensors, so that a mapped file can be used for
/// computing without copies. The header is written last, into room that was left for it. Its `checksum` covers all
/// bytes after it.
final class SafetensorsWriter {
    private let file: UnfinishedFile
    private var entries: [(name: String, begin: Int, end: Int)] = []
    private var end = 0
    private var checksum = Checksum()

    static let alignment = 64
    /// The room for the header, including its length: enough for a few thousand tensors.
    private static let headerRoom = 1 << 18

    init(path: String) throws(WeightError) {
        file = try UnfinishedFile(path: path, mode: 0o600)
    }

    /// Appends a tensor.
    func append(_ name: String, _ bytes: UnsafeRawBufferPointer) throws(WeightError) {
        let whole = bytes.count / Self.alignment * Self.alignment
        try add(UnsafeRawBufferPointer(rebasing: bytes[..<whole]), at: end)
        var size = whole
        if whole < bytes.count {
            var last = Array(bytes[whole...])
            last += [UInt8](repeating: 0, count: Self.alignment - last.count)
            try add(last, at: end + whole)
            size += Self.alignment
        }
        entries.append((name, end, end + size))
        end += size
    }

    private func add(_ bytes: [UInt8], at offset: Int) throws(WeightError) {
        try file.write(bytes, at: Self.headerRoom + offset)
        bytes.withUnsafeBytes { checksum.add($0) }
    }

    private func add(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(WeightError) {
        try file.write(bytes, at: Self.headerRoom + offset)
        checksum.add(bytes)
    }

    /// Writes the header and gives the file its name.
    func finish(metadata: [String: String]) throws(WeightError) {
        var metadata = metadata
        metadata["checksum"] = checksum.text
        let about = metadata.sorted { $0.key < $1.key }.map {
            "\(Self.quoted($0.key)):\(Self.quoted($0.value))"
        }
        let tensors = entries.map { entry in
            "\(Self.quoted(entry.name)):{\"dtype\":\"U8\",\"shape\":[\(entry.end - entry.begin)],"
                + "\"data_offsets\":[\(entry.begin),\(entry.end)]}"
        }
        var header = Array("{\"__metadata__\":{\(about.joined(separator: ","))}".utf8)
        for tensor in tensors { header += Array(",\(tensor)".utf8) }
        header.append(UInt8(ascii: "}"))
        guard header.count <= Self.headerRoom - 8 else {
            throw .fileTooLarge(path: file.path, byteCount: header.count, limit: Self.headerRoom - 8)
        }
        header += [UInt8](repeating: UInt8(ascii: " "), count: Self.headerRoom - 8 - header.count)
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
        try file.write(length + header, at: 0)
        try file.finish()
    }

    /// A text as JSON; control characters, which our names never have, become question marks.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case _ where scalar.value < 0x20: result += "?"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
