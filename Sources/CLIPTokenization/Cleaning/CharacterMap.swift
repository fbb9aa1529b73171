/// The characters that sentencepiece replaces in a text before it looks for pieces.
///
/// It is the table `precompiled_charsmap` in sentencepiece's files, compiled from rules such as Unicode's form NFKC: a
/// double-array trie of byte strings and of what each becomes. At every place the longest string counts.
///
/// Source: `normalizer.cc` of sentencepiece 0.2 and `darts.h` of darts-clone 0.32. Hugging Face's tokenizers read the
/// same table by grapheme clusters and leave Hangul written in jamo apart; this follows sentencepiece.
struct CharacterMap: Sendable {
    private let units: [UInt32]
    /// The replacements, each ended by a NUL.
    private let texts: [UInt8]

    /// The most bytes that one replacement may have, far above the longest of the known rules, which has 33 bytes.
    ///
    /// A text grows by no more than this for each of its bytes.
    private static let longestReplacement = 255

    /// Reads the table; nil if it is malformed, or if a replacement is longer than the limit.
    init?(_ blob: [UInt8]) {
        guard blob.count > 4 else { return nil }
        func word(at offset: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(blob[offset + $1]) << (8 * UInt32($1)) }
        }
        let size = Int(word(at: 0))
        guard size >= 4, size.isMultiple(of: 4), size < blob.count - 4 else { return nil }
        units = (0..<(size / 4)).map { word(at: 4 + 4 * $0) }
        texts = Array(blob[(4 + size)...])
        let longest = texts.split(separator: 0, omittingEmptySubsequences: true).map(\.count).max() ?? 0
        guard longest <= Self.longestReplacement else { return nil }
    }

    /// The number of bytes at `start` that are replaced, and where their replacement begins in ``texts``; nil if none
    /// are.
    private func match(_ text: UnsafeBufferPointer<UInt8>, at start: Int) -> (length: Int, first: Int)? {
        var longest: (length: Int, first: Int)?
        var node = Self.offset(of: units[0])
        for index in start..<text.count {
            node ^= Int(text[index])
            guard node < units.count else { break }
            let unit = units[node]
            guard unit & 0x8000_00FF == UInt32(text[index]) else { break }
            node ^= Self.offset(of: unit)
            guard node < units.count else { break }
            if unit >> 8 & 1 == 1 {
                let first = Int(units[node] & 0x7FFF_FFFF)
                guard first < texts.count else { break }
                longest = (index + 1 - start, first)
            }
        }
        return longest
    }

    private static func offset(of unit: UInt32) -> Int { Int((unit >> 10) << ((unit & 1 << 9) >> 6)) }

    /// The replacement of what the text has at `start`: how many bytes it covers and what they become.
    ///
    /// The replacement is nil for a character without a rule, which stays as it is.
    func replacement(
        of text: UnsafeBufferPointer<UInt8>,
        at start: Int
    ) -> (length: Int, text: ArraySlice<UInt8>?) {
        guard let (length, first) = match(text, at: start) else {
            return (Self.length(of: text, at: start), nil)
        }
        let end = texts[first...].firstIndex(of: 0) ?? texts.endIndex
        return (length, texts[first..<end])
    }

    /// The number of bytes of the character at `start`.
    static func length(of text: UnsafeBufferPointer<UInt8>, at start: Int) -> Int {
        min(UnigramModel.length(ofCharacter: text[start]), text.count - start)
    }

    /// The whole text with its replacements; the result is cut short once it has more than `limit` bytes.
    func replacing(_ text: [UInt8], limit: Int = .max) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count + text.count / 8)
        text.withUnsafeBufferPointer { text in
            var start = 0
            while start < text.count, out.count <= limit {
                let (length, replacement) = replacement(of: text, at: start)
                if let replacement {
                    out.append(contentsOf: replacement)
                } else {
                    out.append(contentsOf: text[start..<(start + length)])
                }
                start += length
            }
        }
        return out
    }
}
