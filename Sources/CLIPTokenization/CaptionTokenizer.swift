/// Turns captions into the token ids that a network reads, as the reference implementation of its checkpoint does.
///
/// It is one of several kinds: OpenAI's byte pairs, or what tokenizer files describe (pieces of sentencepiece, merges
/// that fall back on bytes, BERT's word pieces). Any thread may use it; it keeps no cache.
public struct CaptionTokenizer: Sendable {
    private enum Kind: Sendable {
        case bytePairs(BytePairTokenizer)
        case pieces(PieceTokenizer)
    }

    private let kind: Kind
    private let recipe: TextRecipe
    /// The number of tokens that the network knows, if the tokenizer can make others; nil if it cannot.
    private var rows: Int?

    /// Makes OpenAI CLIP's tokenizer for a model whose text tower reads `contextLength` tokens.
    public init(vocabulary: Vocabulary, contextLength: Int = 77) {
        self.init(vocabulary: vocabulary, recipe: .openAI(contextLength: contextLength))
    }

    private init(vocabulary: Vocabulary, recipe: TextRecipe) {
        let tokenizer = BytePairTokenizer(vocabulary: vocabulary, recipe: recipe)
        self.init(kind: .bytePairs(tokenizer), recipe: recipe)
    }

    private init(kind: Kind, recipe: TextRecipe) {
        precondition(recipe.contextLength >= 2, "A context has room for start-of-text and end-of-text.")
        self.kind = kind
        self.recipe = recipe
        if case .pieces(let tokenizer) = kind, tokenizer.hasUnplaced { rows = vocabularyCount }
    }

    /// Reads the tokenizer of a checkpoint's directory.
    ///
    /// The time grows with the size of the files and is half a second at most.
    ///
    /// - Throws: an error that names the file and what is wrong with it, or the step in it that is not known.
    public init(directory: String, recipe: TextRecipe) throws(TokenizationError) {
        // OpenAI's code knows no tokenizer except its own.
        if recipe.source == .files || recipe.rules == .transformers,
            let pieces = try TokenizerDirectory(directory, recipe: recipe).tokenizer()
        {
            self.init(kind: .pieces(pieces), recipe: recipe)
        } else if recipe.source == .files || Vocabulary.isPresent(inDirectory: directory) {
            let vocabulary = try Vocabulary(
                directory: directory,
                findsKnownTokens: recipe.findsKnownTokens,
                rules: recipe.rules
            )
            self.init(vocabulary: vocabulary, recipe: recipe)
        } else {
            self.init(vocabulary: try Vocabulary.openAI(besideFilesIn: directory), recipe: recipe)
        }
    }

    /// The caption's token ids as the network reads them, special tokens included.
    ///
    /// The sequence is padded to the context's length if the recipe says so. An empty caption is legal. A caption that
    /// is longer than the context is refused (`tooManyTokens`). With `truncating` it keeps its first tokens instead,
    /// and its last token is end-of-text.
    ///
    /// A caption is also refused (`tokenWithoutRow`) if it has a token for which the network has no row, provided that
    /// ``limited(toRows:)`` was told how many rows there are. The same goes for a special token that files name and the
    /// vocabulary lacks. Tokens that were cut off do not count.
    public func tokens(
        for caption: String,
        truncating: Bool = false
    ) throws(TokenizationError) -> TokenSequence {
        let limit = recipe.contextLength
        var (ids, count): ([Int32], Int)
        switch kind {
        case .bytePairs(let tokenizer):
            ids = try tokenizer.tokens(of: caption)
            count = ids.count
            if count > limit {
                // This copies, because an array that shrinks keeps its room for as long as it lives, here for thousands
                // of tokens.
                ids = Array(ids[..<limit])
                ids[limit - 1] = tokenizer.vocabulary.endOfText
            }
        case .pieces(let tokenizer):
            let tokens = try tokenizer.tokens(of: try recipe.cleaning.cleaned(caption))
            (ids, count) = tokenizer.sequence(tokens, limit: limit)
        }
        guard count <= limit || truncating else { throw .tooManyTokens(count: count, limit: limit) }
        if recipe.padsToContext, ids.count < limit {
            let padding = Array(repeating: padding ?? 0, count: limit - ids.count)
            ids = padsLeft ? padding + ids : ids + padding
        }
        if recipe.replacesSeparators, let separator { ids = ids.map { $0 == separator ? 0 : $0 } }
        if let rows, let id = ids.first(where: { $0 >= rows }) {
            throw .tokenWithoutRow(token: name(of: id), id: id, rows: rows)
        }
        return TokenSequence(ids: ids)
    }

    /// The same tokenizer for a network whose token table has this many rows.
    ///
    /// A tokenizer may know more tokens than that: added tokens, such as `<extra_id_5>`, which appear only if a person
    /// types their name. Captions without such tokens cost no more than before.
    public func limited(toRows rows: Int) -> CaptionTokenizer {
        var tokenizer = self
        if rows < vocabularyCount { tokenizer.rows = rows }
        return tokenizer
    }

    /// The tokens that appear without anybody typing them, each with what the tokenizer uses it for.
    ///
    /// These are the tokens around every caption, the one that pads it, and the last of those that unknown characters
    /// become.
    public var standingTokens: [(use: String, id: Int32)] {
        var tokens: [(use: String, id: Int32)] = []
        switch kind {
        case .bytePairs(let tokenizer):
            tokens.append(("begins every text with", tokenizer.vocabulary.startOfText))
            tokens.append(("ends every text with", tokenizer.vocabulary.endOfText))
        case .pieces(let tokenizer):
            tokens += tokenizer.template.before.map { ("begins every text with", $0) }
            tokens += tokenizer.template.after.map { ("ends every text with", $0) }
            if let id = tokenizer.model.largestFallback { tokens.append(("makes of unknown characters", id)) }
        }
        if recipe.padsToContext { tokens.append(("fills texts up with", padding ?? 0)) }
        return tokens.filter { !recipe.replacesSeparators || $0.id != separator }
    }

    /// The name of a token that somebody typed, for an error.
    private func name(of id: Int32) -> String {
        let bytes: [UInt8]? =
            switch kind {
            case .bytePairs(let tokenizer):
                tokenizer.vocabulary.added.first { $0.id == id }.map { Array($0.text.utf8) }
            case .pieces(let tokenizer): tokenizer.typedNames[id]
            }
        return bytes.map { String(decoding: $0.prefix(256), as: UTF8.self).tamed } ?? "\(id)"
    }

    /// OpenAI's vocabulary or another of that kind; nil if the tokenizer works on pieces.
    public var vocabulary: Vocabulary? {
        if case .bytePairs(let tokenizer) = kind { tokenizer.vocabulary } else { nil }
    }

    /// The number of token ids: one more than the largest id.
    public var vocabularyCount: Int {
        switch kind {
        case .bytePairs(let tokenizer): tokenizer.vocabulary.count
        case .pieces(let tokenizer): tokenizer.count
        }
    }

    /// The number of token ids without tokens that were added later or that appear only if a person types their name.
    ///
    /// Some networks have no row for those tokens.
    public var plainVocabularyCount: Int {
        switch kind {
        case .bytePairs(let tokenizer): Int(tokenizer.vocabulary.largestPlainID) + 1
        case .pieces(let tokenizer): tokenizer.plainCount
        }
    }

    /// The token that ends every sequence, before any padding; nil if there is none.
    public var endOfText: Int32? {
        switch kind {
        case .bytePairs(let tokenizer): tokenizer.vocabulary.endOfText
        case .pieces(let tokenizer): tokenizer.template.after.last
        }
    }

    /// The token that pads sequences; nil if the files name none.
    public var padding: Int32? {
        switch kind {
        case .bytePairs: 0
        case .pieces(let tokenizer): tokenizer.padding
        }
    }

    private var padsLeft: Bool {
        if case .pieces(let tokenizer) = kind { tokenizer.padsLeft } else { false }
    }

    private var separator: Int32? {
        if case .pieces(let tokenizer) = kind { tokenizer.separator } else { nil }
    }
}
