internal import CLIPKernels
internal import CLIPWeights

/// How many bytes a model takes in memory, known from the headers of its weights before any of them is read.
enum ModelFootprint {
    /// Of a checkpoint in a directory; nil for one that cannot be read, which loading it tells.
    static func byteCount(of source: ModelSource, _ configuration: EngineConfiguration) -> Int? {
        do {
            let engine = try ComputeEngine(usesOneDNNOnly: configuration.usesOneDNNOnly)
            let format = try configuration.precision.format(where: engine.isNative)
            let checkpoint = try ModelDirectory(path: source.directory).weights()
            return byteCount(of: checkpoint, format: format, engine: engine, configuration)
        } catch {
            return nil
        }
    }

    /// Of a checkpoint that is open: its weights as they will lie in memory, and all that its two caches may hold.
    ///
    /// What threads compute with comes on top, as the requests' bytes do.
    static func byteCount(
        of checkpoint: Checkpoint,
        format: NumberFormat,
        engine: ComputeEngine,
        _ configuration: EngineConfiguration
    ) -> Int {
        // As `WeightReader` has it: convolutions are not kept as bytes.
        let exact = format == .int8 ? (engine.isNative(.bf16) ? .bf16 : NumberFormat.f32) : format
        let weights = checkpoint.tensorNames.reduce(0) { sum, name in
            guard let tensor = checkpoint.tensor(named: name) else { return sum }
            let size =
                switch tensor.shape.count {
                case ..<2: MemoryLayout<Float>.size  // norms and biases
                case 2: format.byteCount
                default: exact.byteCount
                }
            return sum + tensor.count * size
        }
        return weights + configuration.textCacheBytes + configuration.imageCacheBytes
    }
}
