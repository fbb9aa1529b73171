/// Splits cleaned text into words, by OpenAI CLIP's pattern without regard to case.
///
/// The pattern is `<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+` under
/// `IGNORECASE`, or the same with other names of the special tokens.
///
/// Without names of special tokens it is the pattern of transformers' `CLIPTokenizer`: case counts, the classes are
/// those of an older Unicode, and GPT-2's pattern, applied afterwards, divides what looks like a special token at its
/// punctuation.
package struct WordSplitter {
    private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map {
        $0.unicodeScalars.map(\.value)
    }
    private static let letters = ScalarSet(packed: TextTables.letters)
    private static let numbers = ScalarSet(packed: TextTables.numbers)
    private static let newerWords = ScalarSet(packed: TextTables.newerWords)

    /// The pattern's classes of characters, in the pattern's order.
    package enum Kind: UInt32 {
        case none, letter, number, other
    }

    private let text: [UInt32]
    private let specialNames: SpecialNames?
    private var index = 0
    /// What is left of a word that looks like a special token.
    private var rest: Range<Int>?

    /// Splits cleaned text, which may be in lower case or not.
    package init(_ text: [UInt32], specialNames: SpecialNames? = .openAI) {
        self.text = text
        self.specialNames = specialNames
    }

    /// The range of the next word; nil after the last.
    package mutating func next() -> Range<Int>? {
        if let part = nextOfSpecial() { return part }
        while index < text.count {
            let start = index
            let kind = kind(of: text[start])
            index += fixedLength(at: start)
            if index > start {
                guard specialNames == nil, text[start] == 0x3C else { return start..<index }
                rest = start..<index
                return nextOfSpecial()
            }
            index += 1
            switch kind {
            case .none:
                continue
            case .number:
                return start..<index
            case .letter, .other:
                while index < text.count, self.kind(of: text[index]) == kind { index += 1 }
                return start..<index
            }
        }
        return nil
    }

    /// The next part of what looks like a special token: its opening punctuation, its letters, or its closing
    /// punctuation.
    private mutating func nextOfSpecial() -> Range<Int>? {
        guard let word = rest else { return nil }
        let kind = kind(of: text[word.lowerBound])
        let end = word.first { self.kind(of: text[$0]) != kind } ?? word.upperBound
        rest = end < word.upperBound ? end..<word.upperBound : nil
        return word.lowerBound..<end
    }

    /// The length of the special token or contraction that begins here; 0 if none does.
    private func fixedLength(at start: Int) -> Int {
        switch text[start] {
        case 0x3C:
            [(specialNames ?? .openAI).startOfText, (specialNames ?? .openAI).endOfText]
                .first { matches($0, at: start) }?.count ?? 0
        case 0x27:
            Self.contractions.first { matches($0, at: start) }?.count ?? 0
        default:
            0
        }
    }

    /// Whether a word begins here.
    ///
    /// Without regard to case, a letter equals its capital, and "s" also equals the long s (U+017F).
    private func matches(_ word: [UInt32], at start: Int) -> Bool {
        start + word.count <= text.count
            && word.indices.allSatisfy { offset in
                let scalar = text[start + offset]
                guard specialNames != nil else { return scalar == word[offset] }
                return scalar == word[offset] || (scalar == 0x17F && word[offset] == 0x73)
                    || (0x41...0x5A ~= scalar && scalar | 0x20 == word[offset])
            }
    }

    private func kind(of scalar: UInt32) -> Kind {
        let kind = Self.kind(of: scalar)
        guard specialNames == nil, scalar >= 0x80, !(0xAC00...0xD7A3 ~= scalar) else { return kind }
        switch kind {
        case .letter, .number: return Self.newerWords.contains(scalar) ? .other : kind
        case .none: return scalar == 0x345 ? .other : .none
        case .other: return .other
        }
    }

    /// A character's class; `none` for what stands between words.
    package static func kind(of scalar: UInt32) -> Kind {
        switch scalar {
        case 0x61...0x7A, 0x41...0x5A, 0xAC00...0xD7A3: .letter
        case 0x30...0x39: .number
        // When case does not count, U+0345 equals a letter, so the regex module finds it neither inside nor outside a
        // class of letters.
        case 0x345: .none
        case _ where WhiteSpace.isSpace(scalar): .none
        case 0..<0x80: .other
        case _ where letters.contains(scalar): .letter
        case _ where numbers.contains(scalar): .number
        default: .other
        }
    }
}
