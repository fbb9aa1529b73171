/// Normalizes texts as a sentencepiece file asks before it looks for pieces.
///
/// Characters are replaced, blanks are collapsed and shown as "▁".
///
/// Source: `Normalizer::Normalize` of sentencepiece 0.2.
struct SentencePieceNormalizer: Sendable {
    /// The table of character replacements; nil if no character is replaced.
    var map: CharacterMap?
    /// The pieces that are found wherever they stand and stay as they are.
    var userDefined: PieceTable?
    /// Whether a text gets a blank, before it or, with `endsWithBlank`, after it.
    var addsBlank = true
    var endsWithBlank = false
    /// Whether blanks at both ends are removed and a run of blanks counts as one.
    var collapsesBlanks = true
    /// Whether blanks are written as "▁".
    var showsBlanks = true

    /// The UTF-8 of "▁", U+2581.
    static let mark: [UInt8] = [0xE2, 0x96, 0x81]

    /// The normalized text; it is cut short once it has more than `limit` bytes.
    func normalized(_ text: [UInt8], limit: Int = .max) -> [UInt8] {
        text.withUnsafeBufferPointer { normalized($0, limit: limit) }
    }

    private func normalized(_ text: UnsafeBufferPointer<UInt8>, limit: Int) -> [UInt8] {
        let blank: [UInt8] = showsBlanks ? Self.mark : [0x20]
        var start = 0
        if collapsesBlanks {
            while start < text.count {
                let (length, replacement) = prefix(of: text, at: start)
                guard replacement?.elementsEqual([0x20]) ?? (length == 1 && text[start] == 0x20) else {
                    break
                }
                start += length
            }
        }
        guard start < text.count else { return [] }
        var out: [UInt8] = []
        out.reserveCapacity(text.count + text.count / 4 + 3)
        if addsBlank, !endsWithBlank { out += blank }
        var isBehindBlank = collapsesBlanks
        func append(_ part: some Collection<UInt8>) {
            // After a blank, a replacement loses its leading blanks.
            var part = part[...]
            while isBehindBlank, part.first == 0x20 { part.removeFirst() }
            guard !part.isEmpty else { return }
            var isBlank = false
            for byte in part {
                isBlank = byte == 0x20
                if isBlank, showsBlanks { out += Self.mark } else { out.append(byte) }
            }
            isBehindBlank = isBlank
        }
        while start < text.count {
            let (length, replacement) = prefix(of: text, at: start)
            if let replacement {
                append(replacement)
            } else {
                append(text[start..<(start + length)])
            }
            start += length
            guard out.count <= limit else { return out }
            if !collapsesBlanks { isBehindBlank = false }
        }
        if collapsesBlanks {
            while out.suffix(blank.count).elementsEqual(blank) { out.removeLast(blank.count) }
        }
        if addsBlank, endsWithBlank { out += blank }
        return out
    }

    private func prefix(
        of text: UnsafeBufferPointer<UInt8>,
        at start: Int
    ) -> (length: Int, text: ArraySlice<UInt8>?) {
        if let found = userDefined?.longestPrefix(of: text, at: start) { return (found.end - start, nil) }
        return map?.replacement(of: text, at: start) ?? (CharacterMap.length(of: text, at: start), nil)
    }
}
