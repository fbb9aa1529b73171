/// A token that was added to a vocabulary, such as a word learnt by textual inversion.
///
/// It is found in a text exactly as written, before the rest is split into words.
///
/// Source: `AddedVocabulary` of Hugging Face's tokenizers 0.22, without the options that change the text beside a
/// token.
struct AddedToken: Equatable, Sendable {
    /// The token as it is written.
    let text: String
    let id: Int32
    /// Whether it is looked for in the cleaned text rather than in the text as it came.
    let isNormalized: Bool
    /// The scalars that are looked for.
    private let scalars: [UInt32]

    /// - Parameter rules: the rules for the captions in which the token is looked for.
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

    /// Makes a token that is looked for in captions as they came.
    init(asWritten text: String, id: Int32) {
        (self.text, self.id, isNormalized) = (text, id, false)
        scalars = text.unicodeScalars.map(\.value)
    }

    /// A part of a text: either a token or what stands between tokens.
    enum Part {
        case token(Int32)
        case rest(ArraySlice<UInt32>)
    }

    /// Divides a text at the tokens in it; of several at one place the longest is taken.
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
