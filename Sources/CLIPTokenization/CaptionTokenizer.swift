/// Turns captions into the token ids that OpenAI CLIP's `tokenize` gives.
///
/// The recipe: clean the text (`TextCleaner`), split it into words (`WordSplitter`), write each word as bytes, and
/// merge these by the vocabulary's byte pairs (`BytePairMerges`). Any thread may use it; there is no cache.
public struct CaptionTokenizer: Sendable {
    private let vocabulary: Vocabulary
    private let contextLength: Int

    /// A tokenizer for a model whose text tower reads `contextLength` tokens.
    public init(vocabulary: Vocabulary, contextLength: Int = 77) {
        precondition(contextLength >= 2, "A context has room for start-of-text and end-of-text.")
        self.vocabulary = vocabulary
        self.contextLength = contextLength
    }

    /// The caption's token ids, from start-of-text to end-of-text, without padding.
    ///
    /// An empty caption is legal. A caption that is longer than the context is refused (`tooManyTokens`); or, when `truncating`, keeps its
    /// first tokens, and end-of-text as the last.
    public func tokens(
        for caption: String,
        truncating: Bool = false
    ) throws(TokenizationError) -> TokenSequence {
        var ids = [vocabulary.startOfText]
        if vocabulary.added.isEmpty {
            append(try TextCleaner.cleaned(caption), to: &ids)
        } else {
            try appendWithAddedTokens(caption, to: &ids)
        }
        ids.append(vocabulary.endOfText)
        if ids.count > contextLength {
            guard truncating else { throw .tooManyTokens(count: ids.count, limit: contextLength) }
            // A copy: an array that shrinks keeps its room, here that of thousands of tokens, for as long as it lives.
            ids = Array(ids[..<contextLength])
            ids[contextLength - 1] = vocabulary.endOfText
        }
        return TokenSequence(ids: ids)
    }

    private func append(_ text: [UInt32], to ids: inout [Int32]) {
        var words = WordSplitter(text)
        while let word = words.next() { vocabulary.append(text[word], to: &ids) }
    }

    /// Tokens that are looked for as they stand first, then those of the cleaned text, then words.
    private func appendWithAddedTokens(_ caption: String, to ids: inout [Int32]) throws(TokenizationError) {
        let asWritten = vocabulary.added.filter { !$0.isNormalized }
        let normalized = vocabulary.added.filter(\.isNormalized)
        for part in AddedToken.parts(of: caption.unicodeScalars.map(\.value)[...], at: asWritten) {
            switch part {
            case .token(let id): ids.append(id)
            case .rest(let scalars):
                var piece = String.UnicodeScalarView()
                piece.append(contentsOf: scalars.compactMap(Unicode.Scalar.init))
                let text = try TextCleaner.cleaned(String(piece))
                for part in AddedToken.parts(of: text[...], at: normalized) {
                    switch part {
                    case .token(let id): ids.append(id)
                    case .rest(let scalars): append(Array(scalars), to: &ids)
                    }
                }
            }
        }
    }
}
