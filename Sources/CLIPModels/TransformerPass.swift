import CLIPKernels

/// What the blocks of a tower have to know of a forward pass: which rows are whose, and which are pooled.
struct TransformerPass: Sendable {
    /// The part of the pass that this thread makes.
    let share: PassShare
    /// How threads divide the pass by columns; nil where they do by rows.
    let division: ColumnDivision?
    /// All sequences of the pass.
    let sequences: SequenceLayout
    /// The row of each sequence that the embedding is taken from.
    let pooledRows: [Int]
    /// How many rows all threads compute, with those that are computed and left alone.
    ///
    /// Captions make row counts of any size, and oneDNN compiles its operations for each. Filled up to the next of
    /// eight steps between powers of two they are few, and at most an eighth is computed for nothing: with counts spread
    /// evenly a twentieth, and less in practice, since oneDNN works in blocks of rows, too.
    let allRows: Int
    /// This thread's own rows.
    let rows: Range<Int>
    /// The same and those of the empty ones that are its.
    let filledRows: Range<Int>
    /// The sequences whose pooled row is among the own rows; by columns, this thread's part of all.
    let members: Range<Int>
    /// Their pooled rows, counted from the first own row.
    let ownPooledRows: [Int]

    /// The part that `share` has of a pass over `sequences`, of which `pooledRows` has one row each.
    ///
    /// - Parameter division: how the tower can be divided by columns, which is done where the rows are few.
    init(
        _ sequences: SequenceLayout,
        pooledRows: [Int],
        share: PassShare,
        division: ColumnDivision?,
        isFilled: Bool
    ) {
        self.sequences = sequences
        self.pooledRows = pooledRows
        self.share = share
        let count = isFilled ? Self.filled(sequences.rows) : sequences.rows
        self.division = share.isWhole || count > ColumnDivision.mostRows ? nil : division
        if self.division == nil {
            let rows = share.rows(of: sequences.rows)
            self.rows = rows
            // Rows behind the own ones belong to the next thread.
            filledRows = rows.lowerBound..<(share.isWhole ? count : rows.upperBound)
            allRows = max(sequences.rows, filledRows.upperBound)
            let first = pooledRows.firstIndex { $0 >= rows.lowerBound } ?? pooledRows.count
            let last = pooledRows.firstIndex { $0 >= rows.upperBound } ?? pooledRows.count
            members = first..<last
            ownPooledRows = pooledRows[first..<last].map { $0 - rows.lowerBound }
        } else {
            allRows = count
            filledRows = share.rows(of: count)
            rows = filledRows.clamped(to: 0..<sequences.rows)
            members = share.rows(of: sequences.count)
            ownPooledRows = []
        }
    }

    /// How many rows are computed for so many; all counts up to 16 are.
    static func filled(_ rows: Int) -> Int {
        guard rows > 16 else { return rows }
        let step = 1 << (Int.bitWidth - 1 - rows.leadingZeroBitCount - 3)
        return (rows + step - 1) / step * step
    }
}
