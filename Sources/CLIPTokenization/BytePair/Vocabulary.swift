/// A byte-level vocabulary of CLIP's form: the token ids of bytes, of merges and of the two special tokens.
public struct Vocabulary: Sendable {
    /// The number of token ids: one more than the largest id.
    ///
    /// A model needs a row of its token embedding for each.
    public let count: Int
    /// The largest id of a token that is not an added one.
    public let largestPlainID: Int32
    /// Whether the vocabulary's file gives every token an id; otherwise the ids follow from the order.
    ///
    /// A list without ids may be cut off anywhere and still looks whole.
    public let isNumbered: Bool
    /// Added tokens, which are found in a text as written.
    let added: [AddedToken]
    /// The two special tokens, as transformers finds them in a text; others use other names for them.
    let specials: [AddedToken]
    /// The token that begins every sequence.
    public let startOfText: Int32
    /// The token that ends every sequence; the text tower's output is taken at its position.
    public let endOfText: Int32

    /// The tokens of single bytes: the first list is for the middle of a word, the second for its end.
    private let byteTokens: [Int32]
    private let lastByteTokens: [Int32]
    private let merges: BytePairMerges

    /// OpenAI CLIP's vocabulary of 49,408 tokens, which is built into the program.
    public static func openAI() throws(TokenizationError) -> Vocabulary {
        try PackedMerges.vocabulary()
    }

    /// OpenAI's vocabulary, for a model directory that has none of its own.
    ///
    /// Refuses a directory whose other files ask for another vocabulary: added tokens or other special tokens.
    public static func openAI(besideFilesIn directory: String) throws(TokenizationError) -> Vocabulary {
        try VocabularyFiles(directory: directory).requireNothingAdded()
        return try openAI()
    }

    /// The number of tokens of OpenAI's vocabulary.
    public static let openAICount = 514 + OpenAIMerges.count

    /// Reads a model directory's vocabulary: `vocab.json` with `merges.txt`, `tokenizer.json`, or OpenAI's file.
    ///
    /// OpenAI's file is `bpe_simple_vocab_16e6.txt.gz`. The first of these forms that the directory has is read; if
    /// there are several, they have to list the same. Ids are taken from the file, and the special tokens are found by
    /// their names.
    ///
    /// - Parameters:
    ///   - findsKnownTokens: whether a token of the vocabulary, such as `!` for padding, is found in a text as written
    ///     if it is also an added token or has a task. transformers does so, open_clip does not.
    ///   - rules: the rules for captions; with transformers' rules a vocabulary may lack tokens that end a word.
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

    /// Whether a directory has any file of a vocabulary.
    ///
    /// Half of a vocabulary counts too; `init(directory:)` then says what is missing.
    public static func isPresent(inDirectory directory: String) -> Bool {
        VocabularyFiles(directory: directory).isPresent
    }

    /// Makes a vocabulary; `byteTokens` and `lastByteTokens` are indexed by byte.
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
    /// The typed name of a special token becomes that token, as in the reference, if `specialNames` has the name.
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
