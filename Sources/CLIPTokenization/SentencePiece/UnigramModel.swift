/// A vocabulary of pieces with scores: a text becomes those pieces whose scores' sum is the largest.
///
/// The sums are those of sentencepiece 0.2.3 (`unigram_model.cc`, `EncodeOptimized`), rounding included, so that of two ways that are
/// as good as equal the same one is taken.
struct UnigramModel: Sendable {
    /// How a piece takes part.
    enum Kind: UInt8 {
        case normal
        /// Found wherever it stands.
        case userDefined
        /// Never used.
        case unused
    }

    private let table: PieceTable
    /// Each piece's token; nil where it is the piece's place.
    private let ids: [Int32]?
    private let scores: [Float]
    /// Empty where all are normal.
    private let kinds: [Kind]
    let unknown: Int32
    let bytes: ByteTokens?
    private let unknownScore: Float

    /// How much worse an unknown character is than the worst piece.
    private static let unknownPenalty: Float = 10

    /// How good a user's symbol is for each byte behind its first: better than anything, as scores are below 0.
    private static let userDefinedScore = 0.1

    /// - Parameters:
    ///   - ids: each piece's token; nil where it is the piece's place.
    ///   - scores: each piece's score, finite.
    ///   - kinds: how each piece takes part; nothing where all are normal.
    ///   - unknown: the token of characters that no piece covers, a run of them being one.
    ///   - bytes: what they are written in instead.
    init(
        table: PieceTable,
        ids: [Int32]? = nil,
        scores: [Float],
        kinds: [Kind] = [],
        unknown: Int32,
        bytes: ByteTokens? = nil
    ) {
        precondition(
            (ids?.count ?? scores.count) == table.count && scores.count == table.count,
            "Every piece has a token and a score."
        )
        precondition(kinds.isEmpty || kinds.count == table.count, "Every piece has a kind, or none has.")
        self.table = table
        self.ids = ids
        self.scores = scores
        self.kinds = kinds
        self.unknown = unknown
        self.bytes = bytes
        var smallest = Float.greatestFiniteMagnitude
        for (place, score) in scores.enumerated() where kinds.isEmpty || kinds[place] == .normal {
            smallest = min(smallest, score)
        }
        unknownScore = smallest - Self.unknownPenalty
    }

    /// The best way to some place of a text: its score, its last piece, and where that starts.
    private struct Path {
        var score: Float = 0
        var start: Int32 = -1
        /// The piece's place; -1 is an unknown character.
        var piece: Int32 = -1
    }

    /// Appends the tokens of a text in UTF-8; takes time in proportion to its length.
    func append(_ text: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]) {
        guard !text.isEmpty else { return }
        var paths = Array(repeating: Path(), count: text.count + 1)
        var start = 0
        while start < text.count {
            let length = min(Self.length(ofCharacter: text[start]), text.count - start)
            let soFar = paths[start].score
            var isCovered = false
            table.forEachPrefix(of: text, at: start) { end, place in
                let kind = kinds.isEmpty ? .normal : kinds[place]
                if kind == .unused { return }
                let score =
                    kind == .userDefined
                    ? Float(Self.userDefinedScore * Double(end - start - 1)) : scores[place]
                let sum = score + soFar
                if paths[end].start == -1 || sum > paths[end].score {
                    paths[end] = Path(score: sum, start: Int32(start), piece: Int32(place))
                }
                if end - start == length { isCovered = true }
            }
            if !isCovered {
                let end = start + length
                let sum = unknownScore + soFar
                if paths[end].start == -1 || sum > paths[end].score {
                    paths[end] = Path(score: sum, start: Int32(start), piece: -1)
                }
            }
            start += length
        }
        appendPieces(of: paths, text, to: &ids)
    }

    private func appendPieces(of paths: [Path], _ text: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]) {
        var ends: [Int32] = []
        var end = text.count
        while end > 0 {
            ends.append(Int32(end))
            end = Int(paths[end].start)
        }
        var wasUnknown = false
        for end in ends.reversed() {
            let path = paths[Int(end)]
            let isUnknown = path.piece < 0
            if !isUnknown {
                ids.append(self.ids?[Int(path.piece)] ?? path.piece)
            } else if bytes?.append(text[Int(path.start)..<Int(end)], to: &ids) != true, !wasUnknown {
                ids.append(unknown)
            }
            wasUnknown = isUnknown
        }
    }

    /// What a character's first byte says of its length.
    @inline(__always)
    static func length(ofCharacter first: UInt8) -> Int {
        switch first {
        case 0..<0xC0: 1
        case 0xC0..<0xE0: 2
        case 0xE0..<0xF0: 3
        default: 4
        }
    }
}
