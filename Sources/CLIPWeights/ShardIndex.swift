internal import CLIPJSON

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Which file of a sharded checkpoint holds which tensor: `model.safetensors.index.json`, as `transformers` writes it.
struct ShardIndex: Sendable {
    /// A weight map takes about a hundred bytes per tensor; this has room for a hundred thousand.
    static let maximumByteCount = 16 << 20
    /// Far above what a CLIP needs: the largest published checkpoint takes two files.
    static let maximumShardCount = 256

    /// Tensor name to shard name.
    let weightMap: [String: String]
    /// The shard names, sorted.
    let shards: [String]
    private let indexPath: String
    /// The index's own directory, with a slash at its end, or empty for the working directory.
    private let directory: String

    /// - Parameter suffix: what the name of every shard ends with.
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

    /// Passes over `metadata`, which has only sizes and words in it.
    private static func skip(_ json: inout CheckpointJSON, file: String) throws(WeightError) {
        try json.object(duplicate: { .duplicateKey(key: $0, file: file) }) {
            (json, _) throws(WeightError) in
            try json.skipScalar()
        }
    }

    /// Where a shard of this index lies.
    func path(of shard: String) -> String {
        directory + shard
    }

    /// Demands that all shards are there, and names those that are not together.
    func requirePresent() throws(WeightError) {
        let missing = shards.filter { access(path(of: $0), F_OK) != 0 }
        guard missing.isEmpty else {
            let named = Array(missing.prefix(WeightScope.listedNameLimit))
            throw .missingShards(index: indexPath, names: named, count: missing.count)
        }
    }

    /// A plain file name: no path, nothing hidden, no end of string for C within it.
    private static func isSafe(_ shard: String, suffix: String) -> Bool {
        shard.utf8.count <= 255 && shard.hasSuffix(suffix) && !shard.hasPrefix(".")
            && shard.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
    }
}
