internal import CLIPKernels
internal import CLIPModels
internal import CLIPWeights

/// How many bytes a model takes in memory, known from the headers of its weights before any of them is read.
enum ModelFootprint {
    /// Of a checkpoint in a directory; nil for one that cannot be read, which loading it tells.
    static func byteCount(of source: ModelSource, _ configuration: EngineConfiguration) -> Int? {
        do {
            let engine = try ComputeEngine(usesOneDNNOnly: configuration.usesOneDNNOnly)
            let format = try configuration.precision.format(where: engine.isNative)
            let directory = try ModelDirectory(path: source.directory)
            return byteCount(
                of: try directory.weights(),
                try CheckpointFiles.network(of: directory),
                format: format,
                engine: engine,
                configuration
            )
        } catch {
            return nil
        }
    }

    /// Of a checkpoint that is open: its weights as they will lie in memory, and all that the caches of its towers may hold.
    ///
    /// What threads compute with comes on top, as the requests' bytes do.
    static func byteCount(
        of checkpoint: Checkpoint,
        _ model: ModelConfiguration,
        format: NumberFormat,
        engine: ComputeEngine,
        _ configuration: EngineConfiguration
    ) -> Int {
        // As `WeightReader` has it: convolutions are not kept as bytes.
        let exact = format == .int8 ? (engine.isNative(.bf16) ? .bf16 : NumberFormat.f32) : format
        let weights = checkpoint.tensorNames.reduce(0) { sum, name in
            guard let tensor = checkpoint.tensor(named: name) else { return sum }
            // A table of that many tokens stays in its file.
            guard tensor.byteCount < CLIPModel.leastMappedTable else { return sum }
            let size =
                switch tensor.shape.count {
                case ..<2: MemoryLayout<Float>.size  // norms and biases
                case 2: format.byteCount
                default: exact.byteCount
                }
            return sum + tensor.count * size
        }
        return weights + (model.text == nil ? 0 : configuration.textCacheBytes)
            + (model.vision == nil ? 0 : configuration.imageCacheBytes)
    }
}
