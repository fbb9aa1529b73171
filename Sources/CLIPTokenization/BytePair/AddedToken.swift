/// A token that was added to a vocabulary, such as a word that textual inversion has learnt: it is found in a text as it
/// stands, before the rest is split into words.
///
/// Source: `AddedVocabulary` of Hugging Face's tokenizers 0.22, without the options that change what stands beside it.
struct AddedToken: Equatable, Sendable {
    /// As it is written.
    let text: String
    let id: Int32
    /// Whether it is looked for in the cleaned text, and not in the text as it came.
    let isNormalized: Bool
    /// What is looked for.
    private let scalars: [UInt32]

    /// - Parameter rules: those of the captions in which it is looked for.
    init(
        _ text: String,
        id: Int32,
        isNormalized: Bool,
        rules: CaptionRules
    ) throws(TokenizationError) {
        self.text = text
        self.id = id
        self.isNormalized = isNormalized
        scalars = isNormalized ? try rules.cleaned(text) : text.unicodeScalars.map(\.value)
    }

    /// One that is looked for in captions as they came.
    init(asWritten text: String, id: Int32) {
        (self.text, self.id, isNormalized) = (text, id, false)
        scalars = text.unicodeScalars.map(\.value)
    }

    /// A part of a text: a token, or what stands between tokens.
    enum Part {
        case token(Int32)
        case rest(ArraySlice<UInt32>)
    }

    /// Divides a text at the tokens in it: the leftmost first, of several at one place the longest.
    static func parts(of text: ArraySlice<UInt32>, at tokens: [AddedToken]) -> [Part] {
        let tokens = tokens.filter { !$0.scalars.isEmpty }.sorted { $0.scalars.count > $1.scalars.count }
        guard !tokens.isEmpty else { return [.rest(text)] }
        let firsts = Set(tokens.map { $0.scalars[0] })
        var parts: [Part] = []
        var start = text.startIndex
        var index = start
        while index < text.endIndex {
            guard firsts.contains(text[index]),
                let token = tokens.first(where: { text[index...].starts(with: $0.scalars) })
            else {
                index += 1
                continue
            }
            if start < index { parts.append(.rest(text[start..<index])) }
            parts.append(.token(token.id))
            index += token.scalars.count
            start = index
        }
        if start < text.endIndex { parts.append(.rest(text[start...])) }
        return parts
    }
}
