internal import CLIPImaging
internal import CLIPModels
internal import CLIPTokenization
internal import CLIPWeights

/// A model that answers requests: its two recipes for input, and the thread that runs its network.
struct LoadedModel: Sendable {
    let description: ModelDescription
    let tokenizer: CaptionTokenizer
    let preprocessor: ImagePreprocessor
    let worker: ModelWorker
}

/// Makes a model out of a checkpoint directory.
struct ModelLoader: Sendable {
    let configuration: EngineConfiguration

    /// Reads every file of the checkpoint and refuses it whole, with the file or tensor named, if anything is wrong.
    ///
    /// All of it happens on the new model's own thread.
    func load(_ source: ModelSource) async throws(EmbeddingError) -> LoadedModel {
        let start = ContinuousClock.now
        let threads = configuration.computeThreads
        let (worker, files) = try await ModelWorker.start(name: source.name, limits: BatchLimits()) {
            () throws(EmbeddingError) in
            let files = try CheckpointFiles(source)
            do {
                let model = try CLIPModel(
                    configuration: files.model,
                    checkpoint: files.directory.weights(),
                    layout: files.directory.layout,
                    threads: threads
                )
                return (model, files)
            } catch {
                throw EmbeddingError.modelUnavailable(name: source.name, cause: "\(error)")
            }
        }
        return LoadedModel(
            description: ModelDescription(
                name: source.name,
                isDefault: source.name == configuration.models.first?.name,
                imageSize: files.model.vision.imageSize,
                embeddingWidth: files.model.embeddingWidth,
                contextLength: files.model.text.contextLength,
                precision: configuration.precision,
                loadTime: ContinuousClock.now - start
            ),
            tokenizer: files.tokenizer,
            preprocessor: ImagePreprocessor(
                recipe: files.recipe,
                limits: configuration.imageLimits,
                shrinksJPEGs: configuration.decoding == .fast
            ),
            worker: worker
        )
    }
}
