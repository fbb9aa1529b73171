internal import CLIPFiles

/// A `.npy` file of one row an embedding, and beside it a file of their keys, a JSON string a line.
struct ArrayTable: EmbeddingTable {
    private let array: ShardFile
    private let keys: ShardFile
    private let width: Int
    private let numbers: NumberType
    private var count = 0

    init(shard: String, in folder: String, width: Int, numbers: NumberType) throws(OutputError) {
        array = try ShardFile(shard + OutputFormat.npy.fileEnds[0], ofShard: shard, in: folder)
        keys = try ShardFile(shard + OutputFormat.npy.fileEnds[1], ofShard: shard, in: folder)
        (self.width, self.numbers) = (width, numbers)
        // How many rows there are is known at the end.
        try array.append(Self.header(rows: 0, width: width, numbers: numbers))
    }

    mutating func append(key: String, _ values: [Float]) throws(OutputError) {
        var row: [UInt8] = []
        row.reserveCapacity(values.count * numbers.byteCount)
        numbers.append(values, to: &row)
        try array.append(row)
        try keys.append((JSONText.string(key) + "\n").utf8)
        count += 1
    }

    mutating func commit() throws(OutputError) {
        try array.overwrite(at: 0, with: Self.header(rows: count, width: width, numbers: numbers))
        try array.commit()
        try keys.commit()
    }

    /// The header of version 1.0: 128 bytes for every shape, so that the numbers lie as `numpy.memmap` likes them.
    static func header(rows: Int, width: Int, numbers: NumberType) -> [UInt8] {
        let type = numbers == .f32 ? "<f4" : "<f2"
        let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(rows), \(width)), }"
        let length = 128 - 10
        let filling = String(repeating: " ", count: max(0, length - text.utf8.count - 1))
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length), 0] + Array((text + filling + "\n").utf8)
    }
}
