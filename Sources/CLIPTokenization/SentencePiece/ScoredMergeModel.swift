/// A vocabulary of pieces with scores, as in a sentencepiece file of the kind BPE.
///
/// Neighbours are joined wherever they make a piece, the piece with the best score first.
///
/// Source: `bpe_model.cc` of sentencepiece 0.2.
struct ScoredMergeModel: Sendable {
    private let table: PieceTable
    private let ids: [Int32]
    /// The order in which pieces are made, by place: the higher the score, the smaller the number.
    private let orders: [UInt32]
    private let kinds: [UnigramModel.Kind]
    /// The pieces that are found wherever they stand and are never joined to others.
    private let userDefined: PieceTable?
    let unknown: Int32
    let bytes: ByteTokens?

    /// - Parameters:
    ///   - ids: each piece's token.
    ///   - scores: each piece's score, which is finite.
    ///   - kinds: the role of each piece.
    ///   - userDefined: the pieces that are found wherever they stand.
    ///   - unknown: the token for a run of characters that no piece covers.
    ///   - bytes: the tokens of bytes, which write such characters instead.
    init(
        table: PieceTable,
        ids: [Int32],
        scores: [Float],
        kinds: [UnigramModel.Kind],
        userDefined: PieceTable?,
        unknown: Int32,
        bytes: ByteTokens?
    ) {
        precondition(
            ids.count == table.count && scores.count == table.count,
            "Every piece has a token and a score."
        )
        precondition(kinds.count == table.count, "Every piece has a kind.")
        self.table = table
        self.ids = ids
        self.kinds = kinds
        self.userDefined = userDefined
        self.unknown = unknown
        self.bytes = bytes
        orders = scores.map { score in
            // Adding 0 turns -0 into 0.
            let bits = (score + 0).bitPattern
            return ~(bits >> 31 == 1 ? ~bits : bits | 1 << 31)
        }
    }

    /// Appends the tokens of a UTF-8 text; the time is proportional to n log n.
    func append(_ text: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]) {
        guard !text.isEmpty else { return }
        var starts: [Int] = []
        var ends: [Int] = []
        var isWhole: [Bool] = []
        var start = 0
        while start < text.count {
            let found = userDefined?.longestPrefix(of: text, at: start)
            let end = found?.end ?? min(start + UnigramModel.length(ofCharacter: text[start]), text.count)
            starts.append(start)
            ends.append(end)
            isWhole.append(found != nil)
            start = end
        }
        var chain = SymbolChain(count: starts.count)
        // For pieces that are never used: the length of the left part from which each was made.
        var parts: [Int: Int] = [:]
        ends.withUnsafeMutableBufferPointer { buffer in
            let ends = buffer
            chain.merge(
                candidate: { left, right in
                    guard !isWhole[left], !isWhole[right],
                        let place = table.place(of: starts[left]..<ends[right], in: text)
                    else { return nil }
                    if kinds[place] == .unused { parts[place] = ends[left] - starts[left] }
                    return SymbolChain.Candidate(
                        order: orders[place],
                        place: left,
                        outcome: Int32(ends[right] - starts[left])
                    )
                },
                outcome: { left, right in Int32(ends[right] - starts[left]) },
                merge: { left, right in ends[left] = ends[right] }
            )
        }
        var wasUnknown = false
        for place in chain.places {
            append(starts[place]..<ends[place], of: text, parts: parts, to: &ids, &wasUnknown)
        }
    }

    /// Appends the token of a piece, or those of its parts if the piece is never used.
    private func append(
        _ piece: Range<Int>,
        of text: UnsafeBufferPointer<UInt8>,
        parts: [Int: Int],
        to ids: inout [Int32],
        _ wasUnknown: inout Bool
    ) {
        var rest = [piece]
        while let piece = rest.popLast() {
            let place = table.place(of: piece, in: text)
            if let place, kinds[place] == .unused, let left = parts[place] {
                rest.append(piece.lowerBound + left..<piece.upperBound)
                rest.append(piece.lowerBound..<piece.lowerBound + left)
                continue
            }
            if let place {
                ids.append(self.ids[place])
            } else if bytes?.append(text[piece], to: &ids) != true, !wasUnknown {
                ids.append(unknown)
            }
            wasUnknown = place == nil
        }
    }
}
