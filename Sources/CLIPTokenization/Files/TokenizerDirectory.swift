internal import CLIPJSON

/// The tokenizer files in a checkpoint's directory, other than OpenAI's.
///
/// These are `tokenizer.json` or a sentencepiece model, and what transformers writes beside them.
struct TokenizerDirectory {
    /// The size limit of a vocabulary: twice the largest of these files in real checkpoints.
    private static let sizeLimit = 128 << 20
    /// The size limit of a settings file.
    private static let settingsLimit = 32 << 20

    /// The usual names of sentencepiece models.
    fileprivate static let modelNames = [
        "spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "sentencepiece.model",
    ]

    let recipe: TextRecipe
    private let directory: String
    private(set) var settings = PieceSettings()
    private(set) var tokenizerClass = TokenizerClass.asWritten

    /// Reads the settings.
    init(_ directory: String, recipe: TextRecipe) throws(TokenizationError) {
        self.directory = directory
        self.recipe = recipe
        for name in ["tokenizer_config.json", "special_tokens_map.json"] where !settings.listsAdded {
            let file = BoundedFile(directory: directory, name: name)
            if file.exists { try settings.read(try file.bytes(limit: Self.settingsLimit), of: name) }
        }
        let added = BoundedFile(directory: directory, name: "added_tokens.json")
        if !settings.listsAdded, added.exists {
            try settings.readAdded(try added.bytes(limit: Self.settingsLimit), of: added.name)
        }
        tokenizerClass = try TokenizerClass(
            name: settings.className ?? recipe.defaultClass,
            file: "tokenizer_config.json"
        )
    }

    /// The tokenizer; nil if the files are those of OpenAI's byte pairs.
    func tokenizer() throws(TokenizationError) -> PieceTokenizer? {
        if tokenizerClass == .clip { return try bytePairs() }
        let json = BoundedFile(directory: directory, name: "tokenizer.json")
        let models = Self.modelNames.map { BoundedFile(directory: directory, name: $0) }
        let model = models.first { $0.exists }
        var tokenizer: PieceTokenizer
        if let model, tokenizerClass == .siglip || !json.exists {
            let file = try SentencePieceFile(try model.bytes(limit: Self.sizeLimit), name: model.name)
            tokenizer = try SentencePieceAssembly(file: file, directory: self).tokenizer()
        } else if json.exists {
            let bytes = try json.bytes(limit: Self.sizeLimit)
            guard UTF8Check.isValid(bytes) else { throw .malformedText(file: json.name) }
            let file = try PieceFile(bytes, name: json.name)
            if file.isBytePairs { return try bytePairs() }
            if file.truncatesLeft == true, settings.truncatesRight != true {
                throw .unsupportedStep(file: json.name, found: "a truncation.direction that is not Right")
            }
            tokenizer = try PieceAssembly(file: file, directory: self).tokenizer()
        } else if recipe.source == .bytePairs, Vocabulary.isPresent(inDirectory: directory) {
            return try bytePairs()
        } else {
            throw .noTokenizer(repository: recipe.repository)
        }
        if let side = settings.padsLeft { tokenizer.padsLeft = side }
        try requireRoom()
        if recipe.padsToContext, tokenizer.padding == nil {
            throw .missingSpecialToken(file: "tokenizer_config.json", token: "pad_token")
        }
        guard tokenizer.template.count < recipe.contextLength else {
            throw .unsupportedStep(file: json.name, found: "more tokens around a text than the network reads")
        }
        return tokenizer
    }

    /// Refuses settings that pad to another length than the network was trained with.
    ///
    /// transformers pads to the length that the settings name. open_clip states the length itself.
    private func requireRoom() throws(TokenizationError) {
        guard recipe.padsToContext, recipe.cleaning == .none, let length = settings.longestSequence,
            length < Double(recipe.contextLength)
        else { return }
        let found = "model_max_length \(Int(exactly: length).map { "\($0)" } ?? "\(length)")"
        throw .unsupportedStep(
            file: "tokenizer_config.json",
            found: "\(found) where the network reads \(recipe.contextLength)"
        )
    }

    /// Refuses padding, which OpenAI's code does with 0 and transformers with another token.
    private func bytePairs() throws(TokenizationError) -> PieceTokenizer? {
        guard !recipe.padsToContext else {
            let found = "hf_tokenizer_name of byte pairs for a network without a causal mask"
            throw .unsupportedStep(file: "open_clip_config.json", found: found)
        }
        return nil
    }

    /// The token for a task, as the files or else the class name it.
    func name(_ task: String) -> [UInt8]? {
        settings.named[task] ?? tokenizerClass.defaults[task].map { Array($0.utf8) }
    }

    /// Every special token once, with its id: those in `listed`, those of the settings and those of the class.
    ///
    /// A token that the vocabulary lacks gets an id for which no network has a row. Its id in transformers would depend
    /// on the order of all the files.
    func specials(
        listed: [SpecialTokens.Token],
        file: String,
        id: (_ token: [UInt8]) -> Int32?
    ) throws(TokenizationError) -> [SpecialTokens.Token] {
        var places: [[UInt8]: Int] = [:]
        var tokens: [SpecialTokens.Token] = []
        for token in listed + settings.added where !token.text.isEmpty {
            if let known = id(token.text), known != token.id {
                let shown = VocabularyBuilder.shown(token.text)
                throw .differentTokens(file: file, other: "the list of added tokens", token: shown)
            }
            if let place = places[token.text] {
                guard tokens[place].id == token.id else {
                    throw .duplicateToken(file: file, token: VocabularyBuilder.shown(token.text))
                }
                tokens[place] = token
            } else {
                places[token.text] = tokens.count
                tokens.append(token)
            }
        }
        var unplaced: Int32 = 0
        let defaults = tokenizerClass.defaults.sorted { $0.key < $1.key }
            .filter { settings.named[$0.key] == nil }.map { tokenizerClass.token(Array($0.value.utf8)) }
        for var token in settings.found + defaults where places[token.text] == nil {
            if let known = id(token.text) {
                token.id = known
            } else {
                token.id = SpecialTokens.firstUnplaced + unplaced
                unplaced += 1
            }
            token.isNormalized = false
            places[token.text] = tokens.count
            tokens.append(token)
        }
        return tokens
    }
}

extension CaptionTokenizer {
    /// The names of all files from which a directory's tokenizer may be read, including OpenAI's.
    package static let fileNames =
        ["tokenizer.json", "vocab.json", "merges.txt", "bpe_simple_vocab_16e6.txt.gz"]
        + TokenizerDirectory.modelNames
        + ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]
}
