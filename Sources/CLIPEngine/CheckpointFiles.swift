internal import CLIPImaging
internal import CLIPModels
internal import CLIPTokenization
internal import CLIPWeights

/// What the files of a checkpoint directory say, weights aside: the network's shape and the two recipes for input.
struct CheckpointFiles: Sendable {
    let directory: ModelDirectory
    let model: ModelConfiguration
    let recipe: PreprocessingRecipe
    let tokenizer: CaptionTokenizer

    /// Reads them and checks that they fit each other.
    ///
    /// - Throws: `modelUnavailable`, naming what is wrong.
    init(_ source: ModelSource) throws(EmbeddingError) {
        do {
            directory = try ModelDirectory(path: source.directory)
            let json = try directory.configuration()
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
            let vocabulary =
                if Vocabulary.isPresent(inDirectory: source.directory) {
                    try Vocabulary(directory: source.directory)
                } else {
                    try Vocabulary.openAI()
                }
            tokenizer = CaptionTokenizer(vocabulary: vocabulary, contextLength: model.text.contextLength)
            try Self.requireFit(recipe: recipe, vocabulary: vocabulary, model: model)
        } catch let mismatch as Mismatch {
            throw .modelUnavailable(name: source.name, cause: mismatch.description)
        } catch {
            throw .modelUnavailable(name: source.name, cause: "\(error)")
        }
    }

    /// Two files of one checkpoint that contradict each other.
    private struct Mismatch: Error {
        let description: String
    }

    private static func requireFit(
        recipe: PreprocessingRecipe,
        vocabulary: Vocabulary,
        model: ModelConfiguration
    ) throws(Mismatch) {
        guard recipe.imageSize == model.vision.imageSize else {
            throw Mismatch(
                description: "images are prepared at \(recipe.imageSize) pixels, "
                    + "but the network takes \(model.vision.imageSize)"
            )
        }
        let pooled: Int32 =
            switch model.text.pooling {
            case .first(let id): id
            case .largestID: Int32(clamping: vocabulary.count - 1)
            }
        guard pooled == vocabulary.endOfText else {
            throw Mismatch(
                description: "the network takes a text's embedding from token \(pooled), "
                    + "but the vocabulary's end-of-text is \(vocabulary.endOfText)"
            )
        }
        guard vocabulary.count <= model.text.vocabularySize else {
            throw Mismatch(
                description: "the vocabulary has \(vocabulary.count) tokens, "
                    + "but the network knows \(model.text.vocabularySize)"
            )
        }
    }
}
