/// How a sentencepiece file wants texts written before it looks for pieces: characters replaced, blanks collapsed, and shown as "▁".
///
/// Source: `Normalizer::Normalize` of sentencepiece 0.2.
struct SentencePieceNormalizer: Sendable {
    /// What characters are replaced by; nil leaves them.
    var map: CharacterMap?
    /// What is found wherever it stands, and stays as it is.
    var userDefined: PieceTable?
    /// Whether a text gets a blank before it, or behind it where `endsWithBlank`.
    var addsBlank = true
    var endsWithBlank = false
    /// Whether blanks at both ends go, and a run of them counts as one.
    var collapsesBlanks = true
    /// Whether blanks are written as "▁".
    var showsBlanks = true

    /// "▁", U+2581.
    static let mark: [UInt8] = [0xE2, 0x96, 0x81]

    /// The text as pieces are looked for in it; what makes more than `limit` bytes stops there.
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
            // Of a replacement only what follows its blanks, where a blank stands before it.
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
