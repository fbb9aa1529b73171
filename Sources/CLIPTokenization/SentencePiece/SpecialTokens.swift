/// Tokens that are found in a text as written before anything else is done to it, such as `</s>` and added tokens.
///
/// Of several at one place the longest is taken.
///
/// Source: `AddedVocabulary` of Hugging Face's tokenizers 0.23.
struct SpecialTokens: Sendable {
    struct Token: Equatable, Sendable {
        var text: [UInt8]
        var id: Int32
        /// Whether the token is looked for in the normalized text rather than in the text as it came.
        var isNormalized = false
        /// Whether the token takes the white space before or after it along.
        var takesLeft = false
        var takesRight = false
        /// Whether the token counts only if no letter, digit or underscore is beside it.
        var isWord = false
    }

    /// The first id for tokens that the vocabulary lacks; no tokenizer has as many tokens.
    static let firstUnplaced = Int32(VocabularyBuilder.largestID) + 1

    private let table: PieceTable
    private let tokens: [Token]
    /// Whether some token begins with this byte.
    private let beginnings: [Bool]

    /// - Parameter tokens: the tokens, none of them empty; if two have the same text, the later one counts.
    init(_ tokens: [Token]) {
        var list = PieceList()
        var beginnings = Array(repeating: false, count: 256)
        for token in tokens {
            list.append(token.text)
            if let first = token.text.first { beginnings[Int(first)] = true }
        }
        self.tokens = tokens
        self.beginnings = beginnings
        table = PieceTable(list)
    }

    /// A part of a text: a token, or the range of what stands between tokens.
    enum Part: Equatable {
        case token(Int32)
        case rest(Range<Int>)
    }

    /// Divides a text at the tokens in it; no part is empty.
    func parts(of text: [UInt8]) -> [Part] {
        guard !text.isEmpty else { return [] }
        guard !tokens.isEmpty, text.contains(where: { beginnings[Int($0)] }) else {
            return [.rest(text.indices)]
        }
        var parts: [Part] = []
        var rest = 0
        text.withUnsafeBufferPointer { text in
            var index = 0
            while index < text.count {
                guard beginnings[Int(text[index])], let found = table.longestPrefix(of: text, at: index)
                else {
                    index += 1
                    continue
                }
                let token = tokens[found.place]
                let (start, end) = (index, found.end)
                index = end
                if token.isWord, Self.endsInWord(text[..<start]) || Self.beginsWithWord(text[end...]) {
                    continue
                }
                let left = max(token.takesLeft ? Self.startOfSpace(before: start, in: text) : start, rest)
                if rest < left { parts.append(.rest(rest..<left)) }
                parts.append(.token(token.id))
                rest = token.takesRight ? Self.endOfSpace(behind: end, in: text) : end
            }
            if rest < text.count { parts.append(.rest(rest..<text.count)) }
        }
        return parts
    }

    private static func startOfSpace(before end: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
        var start = end
        while let (scalar, length) = UTF8Decoder.last(of: text[..<start]), WhiteSpace.isSpace(scalar) {
            start -= length
        }
        return start
    }

    private static func endOfSpace(behind start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
        var end = start
        while let (scalar, length) = UTF8Decoder.first(of: text[end...]), WhiteSpace.isSpace(scalar) {
            end += length
        }
        return end
    }

    private static func endsInWord(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        UTF8Decoder.last(of: text).map { isWord($0.scalar) } ?? false
    }

    private static func beginsWithWord(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        UTF8Decoder.first(of: text).map { isWord($0.scalar) } ?? false
    }

    /// `\w` of the regex crate: letters, marks, digits, connectors.
    private static func isWord(_ scalar: UInt32) -> Bool {
        guard let properties = Unicode.Scalar(scalar)?.properties else { return false }
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return false
        }
    }
}
