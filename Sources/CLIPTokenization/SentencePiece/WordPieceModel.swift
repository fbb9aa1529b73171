/// BERT's vocabulary: the longest piece at a word's beginning, then the longest that continues it, and so on.
///
/// Source: `models/wordpiece/mod.rs` of Hugging Face's tokenizers 0.23.
struct WordPieceModel: Sendable {
    /// The pieces that begin a word.
    let beginnings: PieceTable
    let beginningIDs: [Int32]
    /// The pieces that continue a word, without the mark before them.
    let continuations: PieceTable
    let continuationIDs: [Int32]
    /// The token for a word that no pieces make up.
    let unknown: Int32
    /// The most characters of a word; longer words are unknown.
    let longestWord: Int

    /// Appends the tokens of one word in UTF-8.
    func append(_ word: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]) {
        guard word.count(where: { $0 & 0xC0 != 0x80 }) <= longestWord else { return ids.append(unknown) }
        let count = ids.count
        var start = 0
        while start < word.count {
            let table = start == 0 ? beginnings : continuations
            guard let (end, place) = table.longestPrefix(of: word, at: start) else {
                ids.removeSubrange(count...)
                return ids.append(unknown)
            }
            ids.append(start == 0 ? beginningIDs[place] : continuationIDs[place])
            start = end
        }
    }
}
