/// A byte-level vocabulary of CLIP's form: token ids of bytes, of merges, and of the two special tokens.
public struct Vocabulary: Sendable {
    /// The number of token ids: one more than the largest.
    ///
    /// A model needs a row of its token embedding for each.
    public let count: Int
    /// The largest id of a token that was not added to the others later.
    public let largestPlainID: Int32
    /// Whether the file that it is from gives every token its id, and not only an order from which ids follow.
    ///
    /// A list without ids may be cut anywhere and still looks whole.
    public let isNumbered: Bool
    /// Tokens that were added to the others, and are found in a text as they stand.
    let added: [AddedToken]
    /// The two special tokens, as transformers finds them in a text; others have other names for them.
    let specials: [AddedToken]
    /// The token that begins every sequence.
    public let startOfText: Int32
    /// The token that ends every sequence, and where the text tower is read.
    public let endOfText: Int32

    /// The tokens of single bytes, in the middle and at the end of a word.
    private let byteTokens: [Int32]
    private let lastByteTokens: [Int32]
    private let merges: BytePairMerges

    /// OpenAI CLIP's vocabulary of 49,408 tokens, which is part of the program.
    public static func openAI() throws(TokenizationError) -> Vocabulary {
        try PackedMerges.vocabulary()
    }

    /// OpenAI's vocabulary, for a model directory that has none of its own.
    ///
    /// Refuses a directory whose other files want another one: tokens that were added, or other special tokens.
    public static func openAI(besideFilesIn directory: String) throws(TokenizationError) -> Vocabulary {
        try VocabularyFiles(directory: directory).requireNothingAdded()
        return try openAI()
    }

    /// The number of tokens of OpenAI's vocabulary.
    public static let openAICount = 514 + OpenAIMerges.count

    /// Reads the vocabulary of a model directory, in the first of these forms that it has: `vocab.json` with
    /// `merges.txt`, `tokenizer.json` (Hugging Face), or `bpe_simple_vocab_16e6.txt.gz` (OpenAI).
    ///
    /// Where it has several, they have to list the same. Ids are taken from the file, and the special tokens found by their names.
    ///
    /// - Parameter findsKnownTokens: whether a token that the vocabulary has anyway is found in a text as it stands where it
    ///   is among the added ones or has a task, such as `!` for filling up. transformers does so, open_clip does not.
    /// - Parameter rules: those of the captions: by transformers' a vocabulary may lack tokens that end a word.
    public init(
        directory: String,
        findsKnownTokens: Bool = true,
        rules: CaptionRules = .openAI
    ) throws(TokenizationError) {
        self = try VocabularyFiles(
            directory: directory,
            findsKnownTokens: findsKnownTokens,
            rules: rules
        ).vocabulary()
    }

    /// Whether a directory carries any file of a vocabulary.
    ///
    /// Half of a vocabulary counts: `init(directory:)` then
    /// says what is missing.
    public static func isPresent(inDirectory directory: String) -> Bool {
        VocabularyFiles(directory: directory).isPresent
    }

    /// `byteTokens` and `lastByteTokens` by byte.
    init(
        count: Int,
        largestPlainID: Int32,
        isNumbered: Bool = true,
        added: [AddedToken] = [],
        specials: [AddedToken]? = nil,
        startOfText: Int32,
        endOfText: Int32,
        byteTokens: [Int32],
        lastByteTokens: [Int32],
        merges: BytePairMerges
    ) {
        precondition(byteTokens.count == 256 && lastByteTokens.count == 256, "Every byte has two tokens.")
        self.count = count
        self.largestPlainID = largestPlainID
        self.isNumbered = isNumbered
        self.added = added
        self.specials =
            specials ?? [
                AddedToken(asWritten: "<|startoftext|>", id: startOfText),
                AddedToken(asWritten: "<|endoftext|>", id: endOfText),
            ]
        self.startOfText = startOfText
        self.endOfText = endOfText
        self.byteTokens = byteTokens
        self.lastByteTokens = lastByteTokens
        self.merges = merges
    }

    /// Appends the tokens of a word.
    ///
    /// A special token that somebody typed is that token, as in the reference, where it has a name.
    func append(_ word: ArraySlice<UInt32>, _ specialNames: SpecialNames?, to ids: inout [Int32]) {
        if let specialNames, word.first == 0x3C {
            if word.elementsEqual(specialNames.startOfText) { return ids.append(startOfText) }
            if word.elementsEqual(specialNames.endOfText) { return ids.append(endOfText) }
        }
        let bytes = UTF8Decoder.bytes(word)
        guard let last = bytes.last else { return }
        let tokens = bytes.dropLast().map { byteTokens[Int($0)] } + [lastByteTokens[Int(last)]]
        ids.append(contentsOf: merges.merged(tokens))
    }
}
