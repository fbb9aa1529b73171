internal import CLIPFiles

/// A file of JSON Lines: a key and its embedding each.
struct LineTable: EmbeddingTable {
    private let file: ShardFile

    init(shard: String, in folder: String) throws(OutputError) {
        file = try ShardFile(shard + OutputFormat.jsonl.fileEnds[0], ofShard: shard, in: folder)
    }

    mutating func append(key: String, _ values: [Float]) throws(OutputError) {
        let line = "{\"key\":\(JSONText.string(key)),\"embedding\":\(JSONText.numbers(values))}\n"
        try file.append(line.utf8)
    }

    mutating func commit() throws(OutputError) { try file.commit() }
}
