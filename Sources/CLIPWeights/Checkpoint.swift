/// The named tensors of one model, in one safetensors file or in several.
///
/// It can be shared between threads.
public struct Checkpoint: Sendable {
    private let tensors: [String: TensorView]

    /// The files that hold the tensors.
    public let files: [SafetensorsFile]

    /// Makes a checkpoint of a single file.
    public init(_ file: SafetensorsFile) {
        files = [file]
        var tensors: [String: TensorView] = [:]
        for name in file.tensorNames { tensors[name] = file.tensor(named: name) }
        self.tensors = Self.withoutWrappers(tensors)
    }

    /// The tensors under names without the prefix that training wrappers put before all of them.
    private static func withoutWrappers(_ tensors: [String: TensorView]) -> [String: TensorView] {
        let length = TensorNames.wrapperLength(of: tensors.keys)
        guard length > 0 else { return tensors }
        let unwrapped = tensors.map { (String($0.key.dropFirst(length)), $0.value) }
        return Dictionary(unwrapped) { first, _ in first }
    }

    /// Opens the shards that an index such as `model.safetensors.index.json` names, in the index's own directory.
    ///
    /// Refuses shard names that lead out of the directory, and shards that do not hold exactly the tensors that the
    /// index places in them.
    public init(indexPath: String) throws(WeightError) {
        let index = try ShardIndex(path: indexPath, suffix: ".safetensors")
        try index.requirePresent()
        var files: [SafetensorsFile] = []
        var tensors: [String: TensorView] = [:]
        for shard in index.shards {
            let file = try SafetensorsFile(path: index.path(of: shard))
            for name in file.tensorNames {
                guard index.weightMap[name] == shard else {
                    throw .tensorNotInIndex(name: name, shard: file.path)
                }
                tensors[name] = file.tensor(named: name)
            }
            files.append(file)
        }
        for (name, shard) in index.weightMap.sorted(by: { $0.key < $1.key }) where tensors[name] == nil {
            throw .tensorNotInShard(name: name, shard: index.path(of: shard))
        }
        self.files = files
        self.tensors = Self.withoutWrappers(tensors)
    }

    /// The names of all tensors, sorted.
    public var tensorNames: [String] { tensors.keys.sorted() }

    /// The tensor with exactly this name; nil if there is none.
    public func tensor(named name: String) -> TensorView? {
        tensors[name]
    }

    /// Tells the system that all tensors will be read once, from front to back, so that it reads ahead.
    public func adviseSequential() {
        for file in files { file.adviseSequential() }
    }

    /// Releases the memory of all pages that were read; call it when the weights have been converted.
    public func releasePages() {
        for file in files { file.releasePages() }
    }
}
