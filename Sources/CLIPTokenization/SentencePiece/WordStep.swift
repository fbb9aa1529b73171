/// A step of the `pre_tokenizer` in `tokenizer.json`, which divides a text into words that the model reads separately.
///
/// Source: `pre_tokenizers/` of Hugging Face's tokenizers 0.23.
enum WordStep: Sendable {
    /// Which texts get a mark before them, where marks stand for blanks.
    enum Prefix: Sendable {
        case always
        /// Only the text that begins the caption.
        case first
        case never
    }

    /// What happens to the text at which a word ends.
    enum Divider: Sendable {
        case removed
        case isolated
        case withPrevious
        case withNext
    }

    /// Divides at white space, which is dropped.
    case whiteSpace
    /// Turns blanks into a mark, with which words begin.
    case marks([UInt8], prefix: Prefix, divides: Bool)
    case split(at: [UInt8], Divider)
    /// Divides at white space, and makes a word of each punctuation mark.
    case bert

    /// A text divided into words.
    struct Words {
        var text: [UInt8]
        /// The ranges of the words, none of them empty.
        var ranges: [Range<Int>]
        /// Whether the first word begins the caption.
        var beginsCaption: Bool

        init(_ text: [UInt8], beginsCaption: Bool) {
            self.text = text
            self.beginsCaption = beginsCaption
            ranges = text.isEmpty ? [] : [text.indices]
        }
    }

    /// Divides every word further.
    func divide(_ words: inout Words) {
        switch self {
        case .whiteSpace: Self.divide(&words) { WhiteSpace.isSpace($0) ? .removed : nil }
        case .bert:
            Self.divide(&words) {
                WhiteSpace.isSpace($0) ? .removed : Self.isPunctuation($0) ? .isolated : nil
            }
        case .marks(let mark, let prefix, let divides): Self.mark(&words, mark, prefix, divides)
        case .split(let pattern, let divider): Self.split(&words, at: pattern, divider)
        }
    }

    private static func isPunctuation(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
        case 0..<0x80: return false
        default:
            switch CategoryTable.category(scalar) {
            case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
                .initialPunctuation, .finalPunctuation, .otherPunctuation:
                return true
            default: return false
            }
        }
    }

    /// Divides at single characters.
    private static func divide(_ words: inout Words, at divider: (UInt32) -> Divider?) {
        var ranges: [Range<Int>] = []
        let first = words.ranges.first?.lowerBound
        words.text.withUnsafeBufferPointer { text in
            for word in words.ranges {
                var start = word.lowerBound
                var index = start
                while index < word.upperBound, let (scalar, length) = UTF8Decoder.first(of: text[index...]) {
                    if let found = divider(scalar) {
                        if start < index { ranges.append(start..<index) }
                        start = index + length
                        if found == .isolated { ranges.append(index..<start) }
                    }
                    index += length
                }
                if start < word.upperBound { ranges.append(start..<word.upperBound) }
            }
        }
        words.beginsCaption = words.beginsCaption && ranges.first?.lowerBound == first
        words.ranges = ranges
    }

    private static func split(_ words: inout Words, at pattern: [UInt8], _ divider: Divider) {
        var ranges: [Range<Int>] = []
        let first = words.ranges.first?.lowerBound
        for word in words.ranges {
            var start = word.lowerBound
            var index = start
            func finish(_ end: Int) {
                if start < end { ranges.append(start..<end) }
                start = end
            }
            while index < word.upperBound {
                guard words.text[index] == pattern[0],
                    words.text[index..<word.upperBound].starts(with: pattern)
                else {
                    index += 1
                    continue
                }
                let end = index + pattern.count
                switch divider {
                case .withPrevious: finish(end)
                case .withNext: finish(index)
                case .isolated:
                    finish(index)
                    finish(end)
                case .removed:
                    finish(index)
                    start = end
                }
                index = end
            }
            finish(word.upperBound)
        }
        words.beginsCaption = words.beginsCaption && ranges.first?.lowerBound == first
        words.ranges = ranges
    }

    private static func mark(_ words: inout Words, _ mark: [UInt8], _ prefix: Prefix, _ divides: Bool) {
        var text: [UInt8] = []
        text.reserveCapacity(words.text.count + 3 * words.ranges.count + 8)
        var ranges: [Range<Int>] = []
        for (place, word) in words.ranges.enumerated() {
            var start = text.count
            let isFirst = words.beginsCaption && place == 0
            let startsWithMark =
                words.text[word].starts(with: mark) || words.text[word.lowerBound] == 0x20
            if !startsWithMark, prefix == .always || prefix == .first && isFirst { text += mark }
            var index = word.lowerBound
            while index < word.upperBound {
                let isMark = words.text[index..<word.upperBound].starts(with: mark)
                guard isMark || words.text[index] == 0x20 else {
                    text.append(words.text[index])
                    index += 1
                    continue
                }
                if divides, start < text.count {
                    ranges.append(start..<text.count)
                    start = text.count
                }
                text += mark
                index += isMark ? mark.count : 1
            }
            if start < text.count { ranges.append(start..<text.count) }
        }
        words.text = text
        words.ranges = ranges
    }
}
