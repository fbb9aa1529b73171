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
        let text = try TextCleaner.cleaned(caption)
        var words = WordSplitter(text)
        while let word = words.next() { vocabulary.append(text[word], to: &ids) }
        ids.append(vocabulary.endOfText)
        if ids.count > contextLength {
            guard truncating else { throw .tooManyTokens(count: ids.count, limit: contextLength) }
            // A copy: an array that shrinks keeps its room, here that of thousands of tokens, for as long as it lives.
            ids = Array(ids[..<contextLength])
            ids[contextLength - 1] = vocabulary.endOfText
        }
        return TokenSequence(ids: ids)
    }
}
