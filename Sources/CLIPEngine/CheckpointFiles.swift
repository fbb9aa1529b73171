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
        if let problem = FileGuise.problem(inDirectory: source.directory) {
            throw .modelUnavailable(name: source.name, cause: problem)
        }
        do {
            directory = try ModelDirectory(path: source.directory)
            let json = try directory.configuration()
            switch directory.layout {
            case .transformers:
                model = try Self.naming("config.json") { () throws(ModelError) in
                    try ModelConfiguration(transformersConfig: json)
                }
                recipe = try Self.recipe(of: directory) ?? .openAI(imageSize: model.vision.imageSize)
            case .openCLIP:
                model = try Self.naming("open_clip_config.json") { () throws(ModelError) in
                    try ModelConfiguration(openCLIPConfig: json)
                }
                let imageSize = model.vision.imageSize
                recipe = try Self.naming("open_clip_config.json") { () throws(ImagingError) in
                    try PreprocessingRecipe(openCLIPConfig: json, imageSize: imageSize)
                }
            }
            let vocabulary =
                if Vocabulary.isPresent(inDirectory: source.directory) {
                    try Vocabulary(directory: source.directory)
                } else {
                    try Vocabulary.openAI(besideFilesIn: source.directory)
                }
            tokenizer = CaptionTokenizer(vocabulary: vocabulary, contextLength: model.text.contextLength)
            try Self.requireFit(recipe: recipe, vocabulary: vocabulary, model: model)
        } catch let mismatch as Mismatch {
            throw .modelUnavailable(name: source.name, cause: mismatch.description)
        } catch {
            throw .modelUnavailable(name: source.name, cause: "\(error)")
        }
    }

    /// How a transformers checkpoint wants its images, by the first of its files that says so; nil where none does.
    private static func recipe(of directory: ModelDirectory) throws -> PreprocessingRecipe? {
        for (name, json) in try directory.preprocessorConfigurations() {
            let recipe = try naming(name) { () throws(ImagingError) in
                name == "processor_config.json"
                    ? try PreprocessingRecipe(processorConfig: json)
                    : try PreprocessingRecipe(preprocessorConfig: json)
            }
            if let recipe { return recipe }
        }
        return nil
    }

    /// Says which file an error is about.
    private static func naming<Value, Failure>(
        _ file: String,
        _ body: () throws(Failure) -> Value
    ) throws(Mismatch) -> Value {
        do throws(Failure) {
            return try body()
        } catch {
            throw Mismatch(description: "\(file): \(error)")
        }
    }

    /// Two files of one checkpoint that contradict each other, or one that cannot be followed.
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
                description: "Images are prepared at \(recipe.imageSize) pixels, "
                    + "but the network takes \(model.vision.imageSize). Are the files those of one model?"
            )
        }
        let pooled: Int32 =
            switch model.text.pooling {
            case .first(let id): id
            // Tokens that were added later have larger ids: where a text has one, the embedding is taken from it, as
            // transformers does.
            case .largestID: vocabulary.largestPlainID
            }
        guard pooled == vocabulary.endOfText else {
            throw Mismatch(
                description: "The network takes a text's embedding from token \(pooled), "
                    + "but the vocabulary's end-of-text is \(vocabulary.endOfText). Are the files those of one model?"
            )
        }
        guard vocabulary.count <= model.text.vocabularySize else {
            throw Mismatch(
                description: "The vocabulary has \(vocabulary.count) tokens, "
                    + "but the network knows \(model.text.vocabularySize). Are the files those of one model?"
            )
        }
    }
}
