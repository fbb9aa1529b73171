import CLIPKernels

/// What the blocks of a tower have to know of a forward pass: which rows are whose, and which are pooled.
struct TransformerPass: Sendable {
    /// The part of the pass that this thread makes.
    let share: PassShare
    /// All sequences of the pass.
    let sequences: SequenceLayout
    /// This thread's own rows.
    let rows: Range<Int>
    /// The same and some empty ones, which are computed and left alone.
    ///
    /// Captions make row counts of any size, and oneDNN compiles its operations for each. Filled up to the next of
    /// eight steps between powers of two they are few, and at most an eighth is computed for nothing: with counts spread
    /// evenly a twentieth, and less in practice, since oneDNN works in blocks of rows, too.
    let filledRows: Range<Int>
    /// The sequences whose pooled row is among the own rows.
    let members: Range<Int>
    /// Their pooled rows, counted from the first own row.
    let ownPooledRows: [Int]

    /// The part that `share` has of a pass over `sequences`, of which `pooledRows` has one row each.
    init(_ sequences: SequenceLayout, pooledRows: [Int], share: PassShare, isFilled: Bool) {
        self.sequences = sequences
        self.share = share
        let rows = share.rows(of: sequences.rows)
        self.rows = rows
        // Rows behind the own ones belong to the next thread.
        let count = isFilled && share.isWhole ? Self.filled(rows.count) : rows.count
        filledRows = rows.lowerBound..<rows.lowerBound + count
        let first = pooledRows.firstIndex { $0 >= rows.lowerBound } ?? pooledRows.count
        let last = pooledRows.firstIndex { $0 >= rows.upperBound } ?? pooledRows.count
        members = first..<last
        ownPooledRows = pooledRows[first..<last].map { $0 - rows.lowerBound }
    }

    /// How many rows are computed for so many; all counts up to 16 are.
    static func filled(_ rows: Int) -> Int {
        guard rows > 16 else { return rows }
        let step = 1 << (Int.bitWidth - 1 - rows.leadingZeroBitCount - 3)
        return (rows + step - 1) / step * step
    }
}
