internal import CLIPKernels
internal import CLIPModels
internal import CLIPWeights

/// How many bytes a model will take in memory, from the headers of its weights.
enum ModelFootprint {
    /// The bytes of a checkpoint in a directory; nil if it cannot be read, which loading it will report.
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

    /// The bytes of an open checkpoint: its weights in the format that they will have in memory, and the limits of its
    /// towers' caches.
    ///
    /// The memory of compute threads and of requests is not included.
    static func byteCount(
        of checkpoint: Checkpoint,
        _ model: ModelConfiguration,
        format: NumberFormat,
        engine: ComputeEngine,
        _ configuration: EngineConfiguration
    ) -> Int {
        // As in `WeightReader`, convolutions are not stored as bytes.
        let exact = format == .int8 ? (engine.isNative(.bf16) ? .bf16 : NumberFormat.f32) : format
        let weights = checkpoint.tensorNames.reduce(0) { sum, name in
            guard let tensor = checkpoint.tensor(named: name) else { return sum }
            // A token table of at least this size stays in its file.
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
