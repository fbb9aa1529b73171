/// Writes tensors of PyTorch's archives as one safetensors file, piece by piece: memory holds a few megabytes of them.
struct WeightsConversion {
    /// A tensor and what it will be called.
    struct Source {
        let name: String
        let archive: TorchArchive
        let tensor: PickledTensor
    }

    /// Bytes that are written before the pages that they came from are given back.
    private static let releasedByteCount = 64 << 20

    /// In the order of the file: largest elements first, as the reference writer has it, so that each begins aligned.
    private let sources: [Source]
    private let types: [TensorView.ScalarType]
    /// Bytes of all tensors.
    let byteCount: Int

    /// Checks that everything can be written.
    ///
    /// - Parameter limit: most bytes; a few numbers can stand for a tensor of any size.
    init(_ sources: [Source], limit: Int) throws(WeightError) {
        var typed: [(source: Source, type: TensorView.ScalarType)] = []
        var byteCount = 0
        for source in sources {
            guard let type = source.tensor.elementType.scalarType else {
                throw .inexpressibleType(tensor: source.name, type: source.tensor.elementType.rawValue)
            }
            _ = try source.archive.storageBytes(of: source.tensor)
            let (sum, overflow) = byteCount.addingReportingOverflow(source.tensor.byteCount)
            guard !overflow, sum <= limit else {
                throw .tooMuchRepeated(
                    file: source.archive.file,
                    byteCount: overflow ? .max : sum,
                    limit: limit
                )
            }
            byteCount = sum
            typed.append((source, type))
        }
        typed.sort {
            ($1.type.byteCount, $0.source.name) < ($0.type.byteCount, $1.source.name)
        }
        self.sources = typed.map(\.source)
        types = typed.map(\.type)
        self.byteCount = byteCount
    }

    /// - Parameter progress: told how many bytes are written.
    func write(to path: String, progress: (Int) -> Void) throws(WeightError) {
        let file = try UnfinishedFile(path: path, mode: 0o666)
        let header = header()
        try file.write(header, at: 0)
        var end = header.count
        var released = end
        for source in sources {
            let range = try source.archive.storageBytes(of: source.tensor)
            let mapping = source.archive.mapping
            try mapping.file.checkUnchanged()
            try mapping.withUnsafeBytes(in: range) { (storage) throws(WeightError) in
                let copy = TensorCopy(
                    tensor: source.tensor,
                    storage: storage,
                    isBigEndian: source.archive.isBigEndian
                )
                try copy.write { (piece) throws(WeightError) in
                    try file.write(piece, at: end)
                    end += piece.count
                    progress(end - header.count)
                    // What was read is not wanted in memory again.
                    if end - released >= Self.releasedByteCount {
                        mapping.releasePages(in: range)
                        released = end
                    }
                }
            }
            mapping.releasePages(in: range)
        }
        try file.finish()
    }

    /// The header and the eight bytes of its length, filled up with blanks so that the data begin aligned.
    private func header() -> [UInt8] {
        // `format` says that the tensors are PyTorch's: transformers asks for it.
        var json = #"{"__metadata__":{"format":"pt"}"#
        var begin = 0
        for (source, type) in zip(sources, types) {
            let shape = source.tensor.shape.map(String.init).joined(separator: ",")
            json += ",\(Self.quoted(source.name)):{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(shape)],"
            json += "\"data_offsets\":[\(begin),\(begin + source.tensor.byteCount)]}"
            begin += source.tensor.byteCount
        }
        var header = Array((json + "}").utf8)
        header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
    }

    /// A text as JSON.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
