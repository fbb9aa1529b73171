internal import CLIPJSON

/// What a safetensors header says about its file, fully checked before any of it is used.
///
/// Format: https://github.com/huggingface/safetensors#format, and `safetensors/src/tensor.rs` for what the reference
/// reader refuses. This reader also refuses unknown fields of an entry, and a `__metadata__` that is not an object of
/// strings.
package struct SafetensorsHeader: Sendable {
    package struct Entry: Equatable, Sendable {
        package let name: String
        package let scalarType: TensorView.ScalarType
        package let shape: [Int]
        /// The range of the elements, counted from the end of the header.
        package let bytes: Range<Int>
    }

    /// The most bytes of a header: the reference reader's limit, `MAX_HEADER_SIZE`.
    package static let maximumByteCount = 100_000_000
    /// The most dimensions: the limit of PyTorch and NumPy.
    package static let maximumDimensionCount = 64

    /// The tensors in the order of their data.
    package let entries: [Entry]
    /// The free text that the writer left under `__metadata__`.
    package let metadata: [String: String]

    /// - Parameters:
    ///   - json: the header without its length.
    ///   - dataByteCount: how many bytes of the file follow the header.
    ///   - file: the file's name for errors.
    package init(json: [UInt8], dataByteCount: Int, file: String) throws(WeightError) {
        var entries: [Entry] = []
        var metadata: [String: String] = [:]
        var json = try CheckpointJSON(json, file: file)
        try json.object(duplicate: { .duplicateTensor(name: $0, file: file) }) {
            (json, name) throws(WeightError) in
            if name == "__metadata__" {
                metadata = try Self.metadata(&json, file: file)
            } else {
                entries.append(try Self.entry(&json, name: name, dataByteCount: dataByteCount, file: file))
            }
        }
        try json.finish()
        // Entries are sorted by their end as well, so that an empty tensor comes before the one that begins at the same
        // place.
        entries.sort {
            ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
        }
        try Self.checkTiling(entries, dataByteCount: dataByteCount, file: file)
        self.entries = entries
        self.metadata = metadata
    }

    private static func metadata(
        _ json: inout CheckpointJSON,
        file: String
    ) throws(WeightError) -> [String: String] {
        var metadata: [String: String] = [:]
        try json.object(duplicate: { .duplicateKey(key: $0, file: file) }) {
            (json, key) throws(WeightError) in
            metadata[key] = try json.word()
        }
        return metadata
    }

    private static func entry(
        _ json: inout CheckpointJSON,
        name: String,
        dataByteCount: Int,
        file: String
    ) throws(WeightError) -> Entry {
        var scalarType: TensorView.ScalarType?
        var shape: [Int]?
        var offsets: (begin: Int, end: Int)?
        try json.object(duplicate: { .duplicateField(tensor: name, field: $0, file: file) }) {
            (json, field) throws(WeightError) in
            switch field {
            case "dtype":
                let type = try json.word()
                scalarType = TensorView.ScalarType(rawValue: type)
                guard scalarType != nil else {
                    throw .unknownScalarType(tensor: name, type: type, file: file)
                }
            case "shape":
                shape = try json.counts(limit: maximumDimensionCount)
                guard shape != nil else {
                    throw .tooManyDimensions(tensor: name, limit: maximumDimensionCount, file: file)
                }
            case "data_offsets":
                offsets = try json.pairOfCounts()
            default:
                throw .unknownField(tensor: name, field: field, file: file)
            }
        }
        guard let scalarType else { throw .missingField(tensor: name, field: "dtype", file: file) }
        guard let shape else { throw .missingField(tensor: name, field: "shape", file: file) }
        guard let offsets else { throw .missingField(tensor: name, field: "data_offsets", file: file) }
        let (begin, end) = offsets
        guard let byteCount = byteCount(of: shape, scalarType) else {
            throw .shapeOverflow(tensor: name, shape: shape, file: file)
        }
        guard begin <= end else { throw .offsetsReversed(tensor: name, begin: begin, end: end, file: file) }
        guard end <= dataByteCount else {
            throw .offsetsBeyondData(tensor: name, end: end, dataByteCount: dataByteCount, file: file)
        }
        guard end - begin == byteCount else {
            throw .byteCountMismatch(tensor: name, expected: byteCount, found: end - begin, file: file)
        }
        return Entry(name: name, scalarType: scalarType, shape: shape, bytes: begin..<end)
    }

    /// The bytes of a tensor; nil if they cannot be counted.
    ///
    /// Other lengths are multiplied even if one is zero, so that the result does not depend on the place of the zero.
    private static func byteCount(of shape: [Int], _ type: TensorView.ScalarType) -> Int? {
        var product = type.byteCount
        for length in shape {
            let (next, overflow) = product.multipliedReportingOverflow(by: max(length, 1))
            guard !overflow else { return nil }
            product = next
        }
        return shape.contains(0) ? 0 : product
    }

    private static func checkTiling(_ entries: [Entry], dataByteCount: Int, file: String) throws(WeightError)
    {
        var covered = 0
        for entry in entries {
            let begin = entry.bytes.lowerBound
            guard begin <= covered else {
                throw .holeInData(tensor: entry.name, expectedBegin: covered, begin: begin, file: file)
            }
            guard begin == covered else {
                throw .overlappingData(tensor: entry.name, expectedBegin: covered, begin: begin, file: file)
            }
            covered = entry.bytes.upperBound
        }
        guard covered == dataByteCount else {
            throw .trailingData(file: file, described: covered, found: dataByteCount)
        }
    }
}
