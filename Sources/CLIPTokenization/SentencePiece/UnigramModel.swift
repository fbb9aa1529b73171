/// A vocabulary of pieces with scores: a text becomes the pieces with the largest sum of scores.
///
/// The sums are those of sentencepiece 0.2.3 (`unigram_model.cc`, `EncodeOptimized`) including rounding, so that the
/// same one of two nearly equal ways is taken.
struct UnigramModel: Sendable {
    /// The role of a piece.
    enum Kind: UInt8 {
        case normal
        /// The piece is found wherever it stands.
        case userDefined
        /// The piece is never used.
        case unused
    }

    private let table: PieceTable
    /// Each piece's token; nil where it is the piece's place.
    private let ids: [Int32]?
    private let scores: [Float]
    /// The role of each piece; empty if all are normal.
    private let kinds: [Kind]
    let unknown: Int32
    let bytes: ByteTokens?
    private let unknownScore: Float

    /// By how much an unknown character scores lower than the worst piece.
    private static let unknownPenalty: Float = 10

    /// The score of a user-defined symbol for each byte after its first; other scores are below 0, so it always wins.
    private static let userDefinedScore = 0.1

    /// - Parameters:
    ///   - ids: each piece's token; nil if it is the piece's place.
    ///   - scores: each piece's score, which is finite.
    ///   - kinds: the role of each piece; empty if all are normal.
    ///   - unknown: the token for a run of characters that no piece covers.
    ///   - bytes: the tokens of bytes, which write such characters instead.
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

    /// The best way to reach some place of a text: its score, its last piece, and where that piece starts.
    private struct Path {
        var score: Float = 0
        var start: Int32 = -1
        /// The piece's place; -1 stands for an unknown character.
        var piece: Int32 = -1
    }

    /// Appends the tokens of a UTF-8 text; the time is proportional to its length.
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

    /// The length of a character in bytes, as its first byte tells it.
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
