internal import CLIPImaging
internal import CLIPModels
internal import CLIPTokenization
internal import CLIPWeights

/// What the files of a checkpoint directory say, weights aside: the network's shape, how images are prepared and how
/// texts become tokens.
struct CheckpointFiles: Sendable {
    let directory: ModelDirectory
    let model: ModelConfiguration
    /// Nil where the network has no image tower.
    let recipe: PreprocessingRecipe?
    /// Nil where the network has no text tower.
    let tokenizer: CaptionTokenizer?

    /// Reads the files and checks that they fit each other.
    ///
    /// - Throws: `modelUnavailable`, naming what is wrong.
    init(_ source: ModelSource) throws(EmbeddingError) {
        if let problem = FileGuise.problem(inDirectory: source.directory) {
            throw .modelUnavailable(name: source.name, cause: problem)
        }
        do {
            let found = try ModelDirectory(path: source.directory)
            if found.path != source.directory, let problem = FileGuise.problem(inDirectory: found.path) {
                throw Mismatch(description: problem)
            }
            let json = try found.configuration()
            let network = try Self.network(json, of: found)
            recipe = try network.vision.map { try Self.recipe(json, of: found, $0) }
            if let recipe, found.layout == .openCLIP, source.origin == nil {
                try Self.requireSame(recipe, in: found)
            }
            tokenizer = try network.text.map { text in
                var recipe = try Self.textRecipe(json, of: found, text)
                // A request that names a model as Roboflow's server does expects that server's answers.
                if AllowedModels.roboflowVersions.contains(source.name) { recipe.rules = .openAI }
                return try CaptionTokenizer(directory: found.path, recipe: recipe)
                    .limited(toRows: text.vocabularySize)
            }
            if let recipe, let vision = network.vision { try Self.requireFit(recipe, vision) }
            if let tokenizer, let text = network.text { try Self.requireFit(tokenizer, text, found.layout) }
            (directory, model) = (found, network)
        } catch let mismatch as Mismatch {
            throw .modelUnavailable(name: source.name, cause: mismatch.description)
        } catch {
            throw .modelUnavailable(name: source.name, cause: "\(error)")
        }
    }

    /// The shape of the network in a directory.
    static func network(of directory: ModelDirectory) throws -> ModelConfiguration {
        try network(directory.configuration(), of: directory)
    }

    private static func network(
        _ json: [UInt8],
        of directory: ModelDirectory
    ) throws(Mismatch) -> ModelConfiguration {
        switch directory.layout {
        case .transformers:
            try naming("config.json") { () throws(ModelError) in
                try ModelConfiguration(transformersConfig: json)
            }
        case .openCLIP:
            try naming("open_clip_config.json") { () throws(ModelError) in
                try ModelConfiguration(openCLIPConfig: json)
            }
        }
    }

    /// How images are prepared, by the rules of the layout.
    private static func recipe(
        _ json: [UInt8],
        of directory: ModelDirectory,
        _ vision: ModelConfiguration.Vision
    ) throws -> PreprocessingRecipe {
        switch directory.layout {
        case .transformers:
            return try recipes(of: directory, config: json).first?.recipe ?? standardRecipe(json, of: vision)
        case .openCLIP:
            return try naming("open_clip_config.json") { () throws(ImagingError) in
                try PreprocessingRecipe(openCLIPConfig: json, imageSize: vision.imageSize)
            }
        }
    }

    /// How texts become tokens, by the rules of the layout.
    private static func textRecipe(
        _ json: [UInt8],
        of directory: ModelDirectory,
        _ text: ModelConfiguration.Text
    ) throws -> TextRecipe {
        guard directory.layout == .transformers else { return try TextRecipe(openCLIPConfig: json) }
        let type = try ModelConfiguration.modelType(transformersConfig: json)
        return .transformers(modelType: type, contextLength: text.contextLength)
    }

    /// How images are prepared when no file says so: as for every CLIP.
    ///
    /// A SigLIP without such a file is refused, because CLIP's preparation would give it other embeddings.
    private static func standardRecipe(
        _ json: [UInt8],
        of vision: ModelConfiguration.Vision
    ) throws -> PreprocessingRecipe {
        let type = try ModelConfiguration.modelType(transformersConfig: json)
        guard type != "siglip" else {
            throw Mismatch(
                description:
                    "preprocessor_config.json is not there, and a SigLIP prepares images in another way than "
                    + "CLIP. Download it, too."
            )
        }
        return .openAI(imageSize: vision.imageSize)
    }

    /// How transformers prepares images, from each file that says so, in transformers' order of precedence.
    ///
    /// - Parameter config: transformers' `config.json`, if the model has one.
    private static func recipes(
        of directory: ModelDirectory,
        config: [UInt8]? = nil
    ) throws -> [(name: String, recipe: PreprocessingRecipe)] {
        var recipes: [(name: String, recipe: PreprocessingRecipe)] = []
        for (name, json) in try directory.preprocessorConfigurations() {
            let recipe = try naming(name) { () throws(ImagingError) in
                name == "processor_config.json"
                    ? try PreprocessingRecipe(processorConfig: json, modelConfig: config)
                    : try PreprocessingRecipe(preprocessorConfig: json, modelConfig: config)
            }
            guard let recipe else { continue }
            recipes.append((name, recipe))
            // transformers does not open the second file if the first one says it.
            if directory.layout == .transformers { break }
        }
        return recipes
    }

    /// Refuses a directory whose files for transformers want images prepared in another way than OpenCLIP's own file.
    ///
    /// For a directory of the operator's own, nothing tells which program made the weights. A copy of a repository is
    /// not checked: only open_clip's files were fetched, open_clip does not read the others, and another program must
    /// have put them in the cache.
    private static func requireSame(
        _ recipe: PreprocessingRecipe,
        in directory: ModelDirectory
    ) throws {
        let file = "open_clip_config.json"
        let others: [(name: String, recipe: PreprocessingRecipe)]
        do {
            others = try recipes(of: directory)
        } catch let mismatch as Mismatch {
            throw Mismatch(
                description:
                    "\(mismatch.description) \(file) wants \(recipe.resizing). Correct the wrong one, or take it away."
            )
        }
        for (name, other) in others {
            if let mismatch = disagreement(of: (name, other), with: (file, recipe)) { throw mismatch }
        }
    }

    /// Two files that want images prepared in different ways, with the settings of each; nil if they agree.
    ///
    /// The rounding (Pillow's or torchvision's) is not compared, because no file sets it.
    private static func disagreement(
        of one: (name: String, recipe: PreprocessingRecipe),
        with other: (name: String, recipe: PreprocessingRecipe)
    ) -> Mismatch? {
        let settings: [(String, (PreprocessingRecipe) -> String)] = [
            ("image size", { "\($0.imageSize)" }), ("resizing", \.resizing), ("mean", { "\($0.mean)" }),
            ("standard deviation", { "\($0.standardDeviation)" }),
            ("scale of a byte", { "1/\((1 / $0.rescaleFactor).rounded())" }),
        ]
        let differences = settings.filter { $0.1(one.recipe) != $0.1(other.recipe) }.map { name, value in
            "the \(name) is \(value(one.recipe)) in \(one.name) and \(value(other.recipe)) in \(other.name)"
        }
        guard !differences.isEmpty else { return nil }
        return Mismatch(
            description: "Two files want images prepared in different ways: "
                + differences.joined(separator: "; ") + ". Correct the wrong one, or take it away."
        )
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
        _ recipe: PreprocessingRecipe,
        _ vision: ModelConfiguration.Vision
    ) throws(Mismatch) {
        guard recipe.imageSize == vision.imageSize else {
            throw Mismatch(
                description: "Images are prepared at \(recipe.imageSize) pixels, "
                    + "but the network takes \(vision.imageSize). Are the files those of one model?"
            )
        }
    }

    private static func requireFit(
        _ tokenizer: CaptionTokenizer,
        _ text: ModelConfiguration.Text,
        _ layout: ModelDirectory.Layout
    ) throws(Mismatch) {
        let pooled: Int32? =
            switch text.pooling {
            case .first(let id): id
            // Tokens that were added later have larger ids.
            case .largestID where layout == .openCLIP: Int32(tokenizer.plainVocabularyCount - 1)
            // If another token has a larger id than end-of-text, transformers takes the embedding from that one:
            // vocabularies that were trained anew begin with the special tokens.
            case .largestID, .last: nil
            }
        if let pooled, let endOfText = tokenizer.endOfText, pooled != endOfText {
            throw Mismatch(
                description: "The network takes a text's embedding from token \(pooled), "
                    + "but the vocabulary's end-of-text is \(endOfText). Are the files those of one model?"
            )
        }
        if case .first(let id) = text.pooling, tokenizer.endOfText == nil {
            throw Mismatch(
                description:
                    "The network takes a text's embedding from token \(id), and the tokenizer ends no text with one. "
                    + "Are the files those of one model?"
            )
        }
        let rows = text.vocabularySize
        // The table may lack rows for tokens that a text contains only when somebody types their names.
        let fits =
            tokenizer.vocabulary.map { isWhole($0, rows: rows) } ?? (tokenizer.plainVocabularyCount <= rows)
        guard fits else {
            throw Mismatch(
                description: "The vocabulary has \(tokenizer.vocabularyCount) tokens, but the network knows "
                    + "\(rows). Are the files those of one model, and is the vocabulary whole?"
            )
        }
        if let (use, id) = tokenizer.standingTokens.first(where: { $0.id >= rows }) {
            throw Mismatch(
                description: "The tokenizer \(use) token \(id), but the network knows \(rows) tokens only. "
                    + "Are the files those of one model?"
            )
        }
    }

    /// Whether a vocabulary can be complete for a network with this many rows in its token table.
    ///
    /// A vocabulary whose end was cut off, tokens and merges alike, gives itself away only by its count. Besides equal
    /// counts, two cases are accepted: OpenAI's whole vocabulary with any longer table, because tokens may have been
    /// added to the table only; and a table that was padded to a multiple of 8 to 1,024, as trainers do for speed. The
    /// second case excludes tables of OpenAI's own length, which is a multiple of 256 already, and files without ids,
    /// where any cut looks like an end.
    private static func isWhole(_ vocabulary: Vocabulary, rows: Int) -> Bool {
        let count = vocabulary.count
        guard count < rows else { return count == rows }
        if Int(vocabulary.largestPlainID) + 1 == Vocabulary.openAICount { return true }
        guard vocabulary.isNumbered, rows != Vocabulary.openAICount else { return false }
        return (3...10).contains { rows.isMultiple(of: 1 << $0) && rows - count < 1 << $0 }
    }
}

extension PreprocessingRecipe {
    /// How an image is resized, in words for a person.
    fileprivate var resizing: String {
        let sides =
            switch resizeMode {
            case .shortest: "the short side resized to \(resizedSide) pixels and the middle kept"
            case .longest: "the long side resized to \(resizedSide) pixels and the rest filled"
            case .squash: "both sides resized to \(resizedSide) pixels"
            }
        return "\(sides), with \(filter.rawValue) filtering"
    }
}
