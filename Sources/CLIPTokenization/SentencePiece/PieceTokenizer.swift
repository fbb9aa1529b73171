/// A tokenizer of pieces, as files describe it: special tokens, steps, words, a model, and what comes around.
struct PieceTokenizer: Sendable {
    var steps: [TextStep]
    var wordSteps: [WordStep]
    var model: PieceModel
    var template: SequenceTemplate
    /// What is looked for in a caption as it came, and in the normalized text.
    var specials: SpecialTokens
    var normalizedSpecials: SpecialTokens
    var framing: SiglipFraming?
    /// Whether the model reads all words at once, as sentencepiece does, where no piece goes from one into another.
    var joinsWords = false

    /// One more than the largest id.
    var count: Int
    /// The same without tokens that were added to the model's, and without symbols of the user.
    var plainCount: Int
    /// The tokens that a network may be asked for, by what they are for; nil where the files name none.
    var unknown: Int32?
    var padding: Int32?
    var separator: Int32?
    /// What tokens from ``plainCount`` on are called: those that only somebody who types their name can make.
    var typedNames: [Int32: [UInt8]] = [:]
    /// Whether files name special tokens that the vocabulary lacks (``SpecialTokens/firstUnplaced``).
    let hasUnplaced: Bool
    /// Most pieces among them; the others are told by their numbers.
    static let mostTypedNames = 4096
    /// Whether a sequence is filled up at its beginning.
    var padsLeft = false

    /// The most bytes that steps may make of a text of `count`: the rules of NFKC make 13 of one at most, those of U+FDFA with marks for
    /// its blanks, and steps that each double a text would take all memory.
    private static func longest(from count: Int, more: Int) -> Int { 16 * count + more }

    /// - Parameters:
    ///   - file: the name of the file that has the steps.
    ///   - specials: all of them; which are looked for where is theirs to say.
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

    /// The tokens of a cleaned caption in UTF-8, without those around.
    ///
    /// Refuses a caption that the steps lengthen without measure (`lengthenedCaption`).
    func tokens(of caption: [UInt8]) throws(TokenizationError) -> [Int32] {
        var ids: [Int32] = []
        let caption = framing?.framed(caption) ?? caption
        for part in specials.parts(of: caption) {
            switch part {
            case .token(let id):
                // The blank that the reference puts before every caption goes where a special token follows it.
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

    /// Appends the tokens of what stands between special tokens.
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

    /// The whole sequence of a caption's tokens, and how many it would have if it were not cut.
    func sequence(_ tokens: [Int32], limit: Int) -> (ids: [Int32], count: Int) {
        let count = tokens.count + template.count
        var tokens = tokens[...]
        if count > limit { tokens = tokens.prefix(max(limit - template.count, 0)) }
        // The one tokenizer that adds no second end-of-text.
        if let framing, tokens.last == framing.end { return (template.before + tokens, count) }
        return (template.before + tokens + template.after, count)
    }
}
