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
    func load(_ source: ModelSource) async throws(EmbeddingError) -> LoadedModel {
        let start = ContinuousClock.now
        do {
            let directory = try ModelDirectory(path: source.directory)
            let json = try directory.configuration()
            let model: ModelConfiguration
            let recipe: PreprocessingRecipe
            switch directory.layout {
            case .transformers:
                model = try ModelConfiguration(transformersConfig: json)
                recipe =
                    if let preprocessor = try directory.preprocessorConfiguration() {
                        try PreprocessingRecipe(preprocessorConfig: preprocessor)
                    } else {
                        PreprocessingRecipe.openAI(imageSize: model.vision.imageSize)
                    }
            case .openCLIP:
                model = try ModelConfiguration(openCLIPConfig: json)
                recipe = try PreprocessingRecipe(openCLIPConfig: json, imageSize: model.vision.imageSize)
            }
            guard recipe.imageSize == model.vision.imageSize else {
                throw EmbeddingError.modelUnavailable(
                    name: source.name,
                    cause: "images are prepared at \(recipe.imageSize) pixels, "
                        + "but the network takes \(model.vision.imageSize)")
            }
            let vocabulary =
                if Vocabulary.isPresent(inDirectory: source.directory) {
                    try Vocabulary(directory: source.directory)
                } else {
                    try Vocabulary.openAI()
                }
            guard vocabulary.count <= model.text.vocabularySize else {
                throw EmbeddingError.modelUnavailable(
                    name: source.name,
                    cause: "the vocabulary has \(vocabulary.count) tokens, "
                        + "but the network knows \(model.text.vocabularySize)")
            }
            let worker = try await startWorker(source, directory: directory, model: model)
            return LoadedModel(
                description: ModelDescription(
                    name: source.name, isDefault: source.name == configuration.models.first?.name,
                    imageSize: model.vision.imageSize, embeddingWidth: model.embeddingWidth,
                    contextLength: model.text.contextLength, precision: configuration.precision,
                    loadTime: ContinuousClock.now - start),
                tokenizer: CaptionTokenizer(vocabulary: vocabulary, contextLength: model.text.contextLength),
                preprocessor: ImagePreprocessor(recipe: recipe, limits: configuration.imageLimits),
                worker: worker)
        } catch let error as EmbeddingError {
            throw error
        } catch {
            throw .modelUnavailable(name: source.name, cause: "\(error)")
        }
    }

    private func startWorker(
        _ source: ModelSource, directory: ModelDirectory, model: ModelConfiguration
    ) async throws(EmbeddingError) -> ModelWorker {
        let threads = configuration.computeThreads
        return try await ModelWorker.start(name: source.name, limits: BatchLimits()) {
            () throws(EmbeddingError) in
            do {
                return try CLIPModel(
                    configuration: model, checkpoint: directory.checkpoint(), layout: directory.layout,
                    threads: threads)
            } catch {
                throw .modelUnavailable(name: source.name, cause: "\(error)")
            }
        }
    }
}
