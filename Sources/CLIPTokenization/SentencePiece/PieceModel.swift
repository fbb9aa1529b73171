/// How a normalized text becomes tokens.
enum PieceModel: Sendable {
    case unigram(UnigramModel)
    case merges(MergeModel)
    case scoredMerges(ScoredMergeModel)
    case wordPieces(WordPieceModel)

    /// Appends the tokens of a text in UTF-8.
    func append(_ text: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]) {
        switch self {
        case .unigram(let model): model.append(text, to: &ids)
        case .merges(let model): model.append(text, to: &ids)
        case .scoredMerges(let model): model.append(text, to: &ids)
        case .wordPieces(let model): model.append(text, to: &ids)
        }
    }
}
