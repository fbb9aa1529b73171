/// A vocabulary of characters and merges, as in `tokenizer.json`.
///
/// A text's characters are joined step by step, by the merge of the lowest rank first.
///
/// Source: `models/bpe/model.rs` and `word.rs` of Hugging Face's tokenizers 0.23.
struct MergeModel: Sendable {
    /// The pieces that are single characters.
    let characters: PieceTable
    /// The tokens of these pieces.
    let ids: [Int32]
    let merges: MergeTable
    /// The tokens of bytes, which write characters that are not pieces; nil if there are none.
    let bytes: ByteTokens?
    /// The token for characters that bytes cannot write either; nil leaves such characters out.
    let unknown: Int32?
    /// Whether a run of such characters becomes one token.
    let fusesUnknown: Bool

    /// Appends the tokens of a UTF-8 text; the time is proportional to n log n.
    func append(_ text: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]) {
        var tokens = symbols(of: text)
        guard tokens.count > 1 else { return ids.append(contentsOf: tokens) }
        var chain = SymbolChain(count: tokens.count)
        tokens.withUnsafeMutableBufferPointer { buffer in
            let tokens = buffer
            chain.merge(
                candidate: { left, right in
                    guard let (rank, token) = merges.merge(of: tokens[left], tokens[right]) else {
                        return nil
                    }
                    return SymbolChain.Candidate(order: rank, place: left, outcome: token)
                },
                outcome: { left, right in merges.merge(of: tokens[left], tokens[right])?.token },
                merge: { left, right in
                    if let (_, token) = merges.merge(of: tokens[left], tokens[right]) { tokens[left] = token }
                }
            )
        }
        for place in chain.places { ids.append(tokens[place]) }
    }

    /// The tokens of a text's characters.
    private func symbols(of text: UnsafeBufferPointer<UInt8>) -> [Int32] {
        var tokens: [Int32] = []
        tokens.reserveCapacity(text.count)
        var isUnknown = false
        func finishUnknown() {
            if isUnknown, let unknown { tokens.append(unknown) }
            isUnknown = false
        }
        var start = 0
        while start < text.count {
            let end = min(start + UnigramModel.length(ofCharacter: text[start]), text.count)
            if let place = characters.place(of: start..<end, in: text) {
                finishUnknown()
                tokens.append(ids[place])
            } else if bytes?.append(text[start..<end], to: &tokens) != true {
                // An unknown token is held back until a known character comes; as in the reference, byte tokens get
                // ahead of it.
                if !fusesUnknown { finishUnknown() }
                isUnknown = true
            }
            start = end
        }
        finishUnknown()
        return tokens
    }
}
