/// The model that turns a normalized text into tokens.
enum PieceModel: Sendable {
    case unigram(UnigramModel)
    case merges(MergeModel)
    case scoredMerges(ScoredMergeModel)
    case wordPieces(WordPieceModel)

    /// The largest token for characters that no piece covers; nil if they are left out.
    var largestFallback: Int32? {
        switch self {
        case .unigram(let model): max(model.unknown, model.bytes?.largest ?? 0)
        case .merges(let model): [model.unknown, model.bytes?.largest].compactMap { $0 }.max()
        case .scoredMerges(let model): max(model.unknown, model.bytes?.largest ?? 0)
        case .wordPieces(let model): model.unknown
        }
    }

    /// Appends the tokens of a UTF-8 text.
    func append(_ text: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]) {
        switch self {
        case .unigram(let model): model.append(text, to: &ids)
        case .merges(let model): model.append(text, to: &ids)
        case .scoredMerges(let model): model.append(text, to: &ids)
        case .wordPieces(let model): model.append(text, to: &ids)
        }
    }
}
