internal import CLIPImaging
internal import CLIPModels
internal import CLIPTokenization
internal import CLIPWeights

/// Makes a model out of a checkpoint directory.
struct ModelLoader: Sendable {
    let configuration: EngineConfiguration

    /// Reads every file of the checkpoint and refuses it whole, with the file or tensor named, if anything is wrong.
    ///
    /// All of it happens on the new model's own thread.
    func load(_ source: ModelSource) async throws(EmbeddingError) -> LoadedModel {
        let start = ContinuousClock.now
        let asked = configuration.precision
        let (worker, found) = try await ModelWorker.start(
            name: source.name,
            threads: configuration.computeThreads
        ) { (engine) throws(EmbeddingError) in
            let (precision, format) = try asked.resolved(on: engine)
            let files = try CheckpointFiles(source)
            do {
                let model = try CLIPModel(
                    configuration: files.model,
                    checkpoint: files.directory.weights(),
                    layout: files.directory.layout,
                    format: format,
                    engine: engine
                )
                return (model, (files, precision))
            } catch {
                throw EmbeddingError.modelUnavailable(name: source.name, cause: "\(error)")
            }
        }
        let (files, precision) = found
        return LoadedModel(
            description: ModelDescription(
                name: source.name,
                isDefault: source.name == configuration.models.first?.name,
                imageSize: files.model.vision.imageSize,
                embeddingWidth: files.model.embeddingWidth,
                contextLength: files.model.text.contextLength,
                precision: precision,
                loadTime: ContinuousClock.now - start
            ),
            tokenizer: files.tokenizer,
            preprocessor: ImagePreprocessor(
                recipe: files.recipe,
                limits: configuration.imageLimits,
                shrinksJPEGs: configuration.decoding == .fast
            ),
            worker: worker,
            texts: EmbeddingCache(limit: configuration.textCacheBytes) {
                $0.count * MemoryLayout<Int32>.size
            },
            images: EmbeddingCache(limit: configuration.imageCacheBytes) { _ in
                MemoryLayout<ContentHash>.size
            }
        )
    }
}
