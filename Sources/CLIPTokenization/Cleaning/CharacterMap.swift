/// What sentencepiece replaces in a text before it looks for pieces: a table of its files, `precompiled_charsmap`, compiled from
/// rules such as Unicode's form NFKC.
///
/// A double-array trie of byte strings, and what each becomes; at every place the longest string counts. Source: `normalizer.cc` of
/// sentencepiece 0.2 and `darts.h` of darts-clone 0.32. Hugging Face's tokenizers read the same table by grapheme clusters and leave
/// Hangul that is written in jamo apart; this is sentencepiece's way.
struct CharacterMap: Sendable {
    private let units: [UInt32]
    /// The replacements, each up to a NUL.
    private let texts: [UInt8]

    /// Far above the longest that the rules know, which has 33 bytes; a text grows by no more than that for each of its bytes.
    private static let longestReplacement = 255

    /// Reads the table; nil where it is none, or would make texts grow without measure.
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

    /// How many bytes of the text at `start` are replaced, and where in ``texts`` by what; nil where they stay.
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

    /// What the text at `start` goes on with, replaced: how many bytes of it that are, and what becomes of them.
    ///
    /// A character that no rule names stays; a byte that belongs to none becomes U+FFFD.
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

    /// The bytes of the character at `start`.
    static func length(of text: UnsafeBufferPointer<UInt8>, at start: Int) -> Int {
        min(UnigramModel.length(ofCharacter: text[start]), text.count - start)
    }

    /// The whole text, replaced; what makes more than `limit` bytes stops there.
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
