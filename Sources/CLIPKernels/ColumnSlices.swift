/// A matrix of floats that several threads keep together, each some of its columns as a dense matrix of its own.
///
/// What a linear layer computes of a part of its outputs is dense; rows are put together only where whole ones are
/// needed.
public struct ColumnSlices {
    /// The columns of each slice, in order.
    public let columns: [Range<Int>]
    private let memory: Matrix

    /// Slices in dense memory of at least (rows, width) floats; together they have all columns.
    public init(memory: Matrix, rows: Int, columns: [Range<Int>]) {
        precondition(memory.format == .f32, "Slices are of floats.")
        var end = 0
        for range in columns {
            precondition(range.lowerBound == end, "The columns of the slices follow each other.")
            end = range.upperBound
        }
        self.memory = memory.reshaped(rows: rows, width: end)
        self.columns = columns
    }

    /// How many rows there are.
    public var rows: Int { memory.rows }

    /// (rows, columns of the slice); nil for a slice without columns.
    public subscript(index: Int) -> Matrix? {
        let range = columns[index]
        guard !range.isEmpty else { return nil }
        return Matrix(base: memory.base + rows * range.lowerBound, rows: rows, width: range.count)
    }

    /// Copies some rows into a matrix of whole ones.
    public func gather(_ chosen: Range<Int>, into whole: Matrix) {
        precondition(
            whole.rows == chosen.count && whole.width == memory.width,
            "Gathered rows have another shape."
        )
        for (index, range) in columns.enumerated() {
            self[index]?.rows(chosen).copy(into: whole.columns(range))
        }
    }

    /// Copies whole rows to some of the slices' rows.
    public func scatter(_ whole: Matrix, to chosen: Range<Int>) {
        precondition(
            whole.rows == chosen.count && whole.width == memory.width,
            "Scattered rows have another shape."
        )
        for (index, range) in columns.enumerated() {
            guard let slice = self[index] else { continue }
            whole.columns(range).copy(into: slice.rows(chosen))
        }
    }
}
