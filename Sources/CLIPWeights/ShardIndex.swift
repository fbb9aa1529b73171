internal import CLIPJSON

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The file for each tensor of a sharded checkpoint: `model.safetensors.index.json`, as `transformers` writes it.
struct ShardIndex: Sendable {
    /// The most bytes of an index.
    ///
    /// A weight map takes about a hundred bytes for each tensor; this is enough for a hundred thousand.
    static let maximumByteCount = 16 << 20
    /// The most shards, far above what a CLIP needs: the largest published checkpoint has two files.
    static let maximumShardCount = 256

    /// The shard's name for each tensor's name.
    let weightMap: [String: String]
    /// The shard names, sorted.
    let shards: [String]
    private let indexPath: String
    /// The index's own directory, with a slash at its end; empty for the working directory.
    private let directory: String

    /// - Parameter suffix: the ending that every shard's name must have.
    init(path: String, suffix: String) throws(WeightError) {
        let bytes = try OpenFile.contents(of: path, limit: Self.maximumByteCount)
        var weightMap: [String: String] = [:]
        var shards: Set<String> = []
        var json = try CheckpointJSON(bytes, file: path)
        try json.object(duplicate: { .duplicateKey(key: $0, file: path) }) {
            (json, key) throws(WeightError) in
            guard key == "weight_map" else { return try Self.skip(&json, file: path) }
            try json.object(duplicate: { .duplicateTensor(name: $0, file: path) }) {
                (json, name) throws(WeightError) in
                let shard = try json.word()
                guard Self.isSafe(shard, suffix: suffix) else {
                    throw .unsafeShardName(name: shard, file: path)
                }
                weightMap[name] = shard
                shards.insert(shard)
                guard shards.count <= Self.maximumShardCount else {
                    throw .tooManyShards(file: path, limit: Self.maximumShardCount)
                }
            }
        }
        try json.finish()
        guard !weightMap.isEmpty else { throw .indexWithoutWeightMap(file: path) }
        self.weightMap = weightMap
        self.shards = shards.sorted()
        indexPath = path
        directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }

    /// Skips `metadata`, which has only sizes and words in it.
    private static func skip(_ json: inout CheckpointJSON, file: String) throws(WeightError) {
        try json.object(duplicate: { .duplicateKey(key: $0, file: file) }) {
            (json, _) throws(WeightError) in
            try json.skipScalar()
        }
    }

    /// The path of a shard of this index.
    func path(of shard: String) -> String {
        directory + shard
    }

    /// Checks that all shards exist, and names all missing ones in one error.
    func requirePresent() throws(WeightError) {
        let missing = shards.filter { access(path(of: $0), F_OK) != 0 }
        guard missing.isEmpty else {
            let named = Array(missing.prefix(WeightScope.listedNameLimit))
            throw .missingShards(index: indexPath, names: named, count: missing.count)
        }
    }

    /// Whether a shard's name is a plain file name: without a path, not hidden, and without a null byte.
    private static func isSafe(_ shard: String, suffix: String) -> Bool {
        shard.utf8.count <= 255 && shard.hasSuffix(suffix) && !shard.hasPrefix(".")
            && shard.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
    }
}
