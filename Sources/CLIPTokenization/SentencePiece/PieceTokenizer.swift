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
    /// Most pieces among them; the others are told by their numbers.
    static let mostTypedNames = 4096
    /// Whether a sequence is filled up at its beginning.
    var padsLeft = false

    /// - Parameter specials: all of them; which are looked for where is theirs to say.
    init(
        steps: [TextStep],
        wordSteps: [WordStep],
        model: PieceModel,
        template: SequenceTemplate,
        specials: [SpecialTokens.Token],
        count: Int,
        plainCount: Int
    ) {
        self.steps = steps
        self.wordSteps = wordSteps
        self.model = model
        self.template = template
        self.count = count
        self.plainCount = plainCount
        self.specials = SpecialTokens(specials.filter { !$0.isNormalized })
        normalizedSpecials = SpecialTokens(
            specials.filter(\.isNormalized).compactMap { token in
                var token = token
                for step in steps { token.text = step.applied(to: token.text) }
                return token.text.isEmpty ? nil : token
            }
        )
    }

    /// The tokens of a cleaned caption in UTF-8, without those around.
    func tokens(of caption: [UInt8]) -> [Int32] {
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
                    append(framing.part(text), beginsCaption: range.lowerBound == 0, to: &ids)
                    if ids.count - start >= framing.leadCount {
                        ids.removeSubrange(start..<(start + framing.leadCount))
                    }
                } else {
                    append(text, beginsCaption: range.lowerBound == 0, to: &ids)
                }
            }
        }
        return ids
    }

    /// Appends the tokens of what stands between special tokens.
    private func append(_ text: [UInt8], beginsCaption: Bool, to ids: inout [Int32]) {
        var text = text
        for step in steps { text = step.applied(to: text) }
        for part in normalizedSpecials.parts(of: text) {
            switch part {
            case .token(let id): ids.append(id)
            case .rest(let range):
                let isWhole = range.count == text.count
                var words = WordStep.Words(
                    isWhole ? text : Array(text[range]),
                    beginsCaption: beginsCaption && range.lowerBound == 0
                )
                for step in wordSteps { step.divide(&words) }
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
