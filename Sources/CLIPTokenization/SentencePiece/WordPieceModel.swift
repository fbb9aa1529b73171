/// BERT's vocabulary: of a word the longest piece that it begins with, then the longest that it goes on with, and so on.
///
/// Source: `models/wordpiece/mod.rs` of Hugging Face's tokenizers 0.23.
struct WordPieceModel: Sendable {
    /// The pieces that begin a word.
    let beginnings: PieceTable
    let beginningIDs: [Int32]
    /// Those that go on with it, without the mark before them.
    let continuations: PieceTable
    let continuationIDs: [Int32]
    /// The token of a word that cannot be put together.
    let unknown: Int32
    /// Longer words, in characters, are unknown.
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
