/// Writes tensors of PyTorch's archives into one safetensors file, piece by piece, with a few megabytes in memory.
struct WeightsConversion {
    /// A tensor and its name in the new file.
    struct Source {
        let name: String
        let archive: TorchArchive
        let tensor: PickledTensor
    }

    /// After this many written bytes, the source's pages are released.
    private static let releasedByteCount = 64 << 20

    /// The tensors in the order of the file: the largest elements first, as in the reference writer, so that each is
    /// aligned.
    private let sources: [Source]
    private let types: [TensorView.ScalarType]
    /// The bytes of all tensors.
    let byteCount: Int

    /// Checks that everything can be written.
    ///
    /// - Parameter limit: the most bytes, since a few numbers can describe a tensor of any size.
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

    /// - Parameter progress: called with the number of bytes that were written.
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
                    // The bytes that were read are not needed in memory any more.
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

    /// The header with the eight bytes of its length, padded with blanks so that the data are aligned.
    private func header() -> [UInt8] {
        // `format` says that the tensors are PyTorch's; transformers requires it.
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
