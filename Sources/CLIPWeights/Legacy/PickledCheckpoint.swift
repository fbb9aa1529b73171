/// The tensors of one model in PyTorch's archives, and the directory with its other files.
struct PickledCheckpoint {
    /// The PyTorch files.
    let archives: [TorchArchive]
    let tensors: [WeightsConversion.Source]
    let layout: ModelDirectory.Layout
    /// The directory that may have the configuration and the vocabulary.
    let directory: String
    /// The names of values among the tensors that are not tensors.
    let leftOut: [String]

    /// The names that a directory's checkpoint may have, in order of preference.
    private static let names = [
        "open_clip_pytorch_model.bin", "open_clip_pytorch_model.pt", "pytorch_model.bin",
        "pytorch_model.bin.index.json",
    ]

    /// - Parameter path: a PyTorch file, an index of shards, or a directory with either.
    init(path: String) throws(WeightError) {
        let file = try Self.file(at: path)
        directory = Listing.parts(of: file).directory
        var archives: [TorchArchive] = []
        var found: [(name: String, archive: TorchArchive, tensor: Int)] = []
        var leftOut: [String] = []
        if file.hasSuffix(".index.json") {
            let index = try ShardIndex(path: file, suffix: ".bin")
            try index.requirePresent()
            var known: Set<String> = []
            for shard in index.shards {
                let archive = try TorchArchive(path: index.path(of: shard))
                let state = try StateDictionary(archive)
                for entry in state.entries {
                    guard known.insert(entry.name).inserted else {
                        throw .tensorInTwoShards(name: entry.name, file: archive.file)
                    }
                    found.append((entry.name, archive, entry.tensor))
                }
                leftOut += state.leftOut
                archives.append(archive)
            }
            for (name, shard) in index.weightMap.sorted(by: { $0.key < $1.key }) where !known.contains(name) {
                throw .tensorNotInShard(name: name, shard: index.path(of: shard))
            }
        } else {
            let archive = try TorchArchive(path: file)
            let state = try StateDictionary(archive)
            found = state.entries.map { ($0.name, archive, $0.tensor) }
            leftOut = state.leftOut
            archives = [archive]
        }
        if archives.contains(where: \.isScript) {
            found.removeAll { OpenAIConfiguration.constants.contains($0.name) }
        }
        let wrapper = TensorNames.wrapperLength(of: found.map(\.name))
        tensors = found.map { name, archive, tensor in
            .init(
                name: String(name.dropFirst(wrapper)),
                archive: archive,
                tensor: archive.heap.tensors[tensor]
            )
        }
        guard let layout = TensorNames.layout(of: tensors.map(\.name)) else {
            throw .noCLIP(file: file, names: tensors.prefix(3).map(\.name))
        }
        self.layout = layout
        self.archives = archives
        self.leftOut = leftOut
    }

    /// The file to which a path leads.
    private static func file(at path: String) throws(WeightError) -> String {
        guard var listing = try? Listing(path: path) else { return path }
        if let folder = try SentenceTransformers.modelFolder(in: listing), !folder.isEmpty {
            listing = try Listing(path: listing.path(of: folder))
        }
        if (try? ModelDirectory(path: listing.path)) != nil { throw .alreadySafetensors(path: listing.path) }
        if let name = names.first(where: listing.contains) { return listing.path(of: name) }
        let others = listing.names.filter { ModelDirectory.isPickle($0) && !isForTraining($0) }.sorted()
        guard let only = others.first else { throw .nothingToConvert(path: path) }
        guard others.count == 1 else { throw .severalPickles(path: path, files: others) }
        return listing.path(of: only)
    }

    /// Whether a file is one that training leaves beside a checkpoint.
    private static func isForTraining(_ name: String) -> Bool {
        ["training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "rng_state.pth", "scaler.pt"]
            .contains(name)
    }
}
