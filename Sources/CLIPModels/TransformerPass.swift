import CLIPKernels

/// What the blocks of a tower need to know of a forward pass: each sequence's rows and the pooled ones among them.
struct TransformerPass: Sendable {
    /// The part of the pass that this thread computes.
    let share: PassShare
    /// How threads divide the pass by columns; nil if they divide it by rows.
    let division: ColumnDivision?
    /// All sequences of the pass.
    let sequences: SequenceLayout
    /// The prefixes that some of them continue, and those to be filled.
    let prefixes: PassPrefixes
    /// The row of each sequence from which its embedding is taken.
    let pooledRows: [Int]
    /// The number of rows that all threads compute, including empty rows whose results are not used.
    ///
    /// Captions lead to any number of rows, and oneDNN compiles its operations for each number. Rounded up to the next
    /// of eight steps between powers of two, the numbers are few, and at most an eighth is computed for nothing. With
    /// evenly spread counts it is a twentieth, and less in practice, since oneDNN works in blocks of rows as well.
    let allRows: Int
    /// This thread's own rows.
    let rows: Range<Int>
    /// This thread's own rows and its share of the empty rows.
    let filledRows: Range<Int>
    /// The sequences whose pooled row is among the own rows; by columns, this thread's share of all sequences.
    let members: Range<Int>
    /// The members' pooled rows, counted from the first own row.
    let ownPooledRows: [Int]

    /// Makes `share`'s part of a pass over `sequences`, each of which has one row in `pooledRows`.
    ///
    /// - Parameter division: how the tower can be divided by columns, which happens if there are few rows.
    init(
        _ sequences: SequenceLayout,
        prefixes: PassPrefixes = .none,
        pooledRows: [Int],
        share: PassShare,
        division: ColumnDivision?,
        isFilled: Bool
    ) {
        self.sequences = sequences
        self.prefixes = prefixes
        self.pooledRows = pooledRows
        self.share = share
        let count = isFilled ? Self.filled(sequences.rows) : sequences.rows
        self.division = share.isWhole || count > ColumnDivision.mostRows ? nil : division
        if self.division == nil {
            let rows = share.rows(of: sequences.rows)
            self.rows = rows
            // The rows after its own belong to the next thread.
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

    /// The rows of keys and values: the cached ones, and then those of all threads.
    var keyRows: Int { sequences.cachedRows + allRows }

    /// The rows of keys and values of a range of computed rows.
    func keyRows(of rows: Range<Int>) -> Range<Int> {
        rows.lowerBound + sequences.cachedRows..<rows.upperBound + sequences.cachedRows
    }

    /// The number of rows that are computed for a number of needed rows; up to 16 the two are equal.
    static func filled(_ rows: Int) -> Int {
        guard rows > 16 else { return rows }
        let step = 1 << (Int.bitWidth - 1 - rows.leadingZeroBitCount - 3)
        return (rows + step - 1) / step * step
    }
}
