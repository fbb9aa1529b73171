/// A tokenizer of pieces, as files describe it: special tokens, steps, words, a model, and the tokens around a text.
struct PieceTokenizer: Sendable {
    var steps: [TextStep]
    var wordSteps: [WordStep]
    var model: PieceModel
    var template: SequenceTemplate
    /// Special tokens: the first list is looked for in the caption as it came, the second in the normalized text.
    var specials: SpecialTokens
    var normalizedSpecials: SpecialTokens
    var framing: SiglipFraming?
    /// Whether the model reads all words at once, as sentencepiece does; this requires that no piece spans two words.
    var joinsWords = false

    /// One more than the largest id.
    var count: Int
    /// The same without added tokens and without user-defined symbols.
    var plainCount: Int
    /// The tokens for unknown characters, padding and separators; nil if the files name none.
    var unknown: Int32?
    var padding: Int32?
    var separator: Int32?
    /// The names of tokens from ``plainCount`` on, which appear only if a person types their name.
    var typedNames: [Int32: [UInt8]] = [:]
    /// Whether files name special tokens that the vocabulary lacks (``SpecialTokens/firstUnplaced``).
    let hasUnplaced: Bool
    /// The most names of pieces that are kept; other pieces are shown by their numbers.
    static let mostTypedNames = 4096
    /// Whether padding comes before a sequence.
    var padsLeft = false

    /// The most bytes that steps may make of a text of `count` bytes.
    ///
    /// The rules of NFKC make at most 13 bytes of one: those of U+FDFA, with marks for its blanks. Steps that each
    /// double a text would take all memory.
    private static func longest(from count: Int, more: Int) -> Int { 16 * count + more }

    /// - Parameters:
    ///   - file: the name of the file that has the steps.
    ///   - specials: all special tokens; each says where it is looked for.
    init(
        file: String,
        steps: [TextStep],
        wordSteps: [WordStep],
        model: PieceModel,
        template: SequenceTemplate,
        specials: [SpecialTokens.Token],
        count: Int,
        plainCount: Int
    ) throws(TokenizationError) {
        self.steps = steps
        self.wordSteps = wordSteps
        self.model = model
        self.template = template
        self.count = count
        self.plainCount = plainCount
        hasUnplaced = specials.contains { $0.id >= SpecialTokens.firstUnplaced }
        self.specials = SpecialTokens(specials.filter { !$0.isNormalized })
        var normalized: [SpecialTokens.Token] = []
        for var token in specials where token.isNormalized {
            let limit = Self.longest(from: token.text.count, more: 64)
            guard let text = steps.applied(to: token.text, limit: limit) else {
                let shown = VocabularyBuilder.shown(token.text)
                throw .unsupportedStep(file: file, found: "steps that lengthen texts, such as \(shown)")
            }
            token.text = text
            if !text.isEmpty { normalized.append(token) }
        }
        normalizedSpecials = SpecialTokens(normalized)
    }

    /// The tokens of a cleaned caption in UTF-8, without the tokens around them.
    ///
    /// Refuses a caption that the steps make too long (`lengthenedCaption`).
    func tokens(of caption: [UInt8]) throws(TokenizationError) -> [Int32] {
        var ids: [Int32] = []
        let caption = framing?.framed(caption) ?? caption
        for part in specials.parts(of: caption) {
            switch part {
            case .token(let id):
                // The blank that the reference puts before every caption is dropped if a special token follows it.
                if let framing, ids.count == 1, ids[0] == framing.blank { ids = [] }
                ids.append(id)
            case .rest(let range):
                let text = range.count == caption.count ? caption : Array(caption[range])
                if let framing {
                    let start = ids.count
                    try append(framing.part(text), beginsCaption: range.lowerBound == 0, to: &ids)
                    if ids.count - start >= framing.leadCount {
                        ids.removeSubrange(start..<(start + framing.leadCount))
                    }
                } else {
                    try append(text, beginsCaption: range.lowerBound == 0, to: &ids)
                }
            }
        }
        return ids
    }

    /// Appends the tokens of the text between special tokens.
    private func append(
        _ text: [UInt8],
        beginsCaption: Bool,
        to ids: inout [Int32]
    ) throws(TokenizationError) {
        let limit = Self.longest(from: text.count, more: 4096)
        let tooLong = TokenizationError.lengthenedCaption(count: text.count, limit: limit)
        guard let text = steps.applied(to: text, limit: limit) else { throw tooLong }
        for part in normalizedSpecials.parts(of: text) {
            switch part {
            case .token(let id): ids.append(id)
            case .rest(let range):
                let isWhole = range.count == text.count
                var words = WordStep.Words(
                    isWhole ? text : Array(text[range]),
                    beginsCaption: beginsCaption && range.lowerBound == 0
                )
                for step in wordSteps {
                    step.divide(&words)
                    guard words.text.count <= limit else { throw tooLong }
                }
                words.text.withUnsafeBufferPointer { text in
                    guard !joinsWords else { return model.append(text, to: &ids) }
                    for word in words.ranges { model.append(.init(rebasing: text[word]), to: &ids) }
                }
            }
        }
    }

    /// The complete sequence for a caption's tokens, and the length that it would have if it were not cut off.
    func sequence(_ tokens: [Int32], limit: Int) -> (ids: [Int32], count: Int) {
        let count = tokens.count + template.count
        var tokens = tokens[...]
        if count > limit { tokens = tokens.prefix(max(limit - template.count, 0)) }
        // This is the only tokenizer that does not add a second end-of-text.
        if let framing, tokens.last == framing.end { return (template.before + tokens, count) }
        return (template.before + tokens + template.after, count)
    }
}
