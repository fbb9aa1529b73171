/// Rows of a key and an embedding, in one of the formats.
protocol EmbeddingTable {
    /// Adds a row.
    mutating func append(key: String, _ values: [Float]) throws(OutputError)
    /// Writes what is left, and gives the files their names.
    mutating func commit() throws(OutputError)
}

/// The formats of output.
package enum OutputFormat: String, CaseIterable, Sendable {
    case npy
    case jsonl
    case parquet

    /// The ends of the names of a shard's files.
    var fileEnds: [String] {
        switch self {
        case .npy: [".npy", ".keys.jsonl"]
        case .jsonl: [".jsonl"]
        case .parquet: [".parquet"]
        }
    }
}
