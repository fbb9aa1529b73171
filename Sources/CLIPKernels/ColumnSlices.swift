/// A matrix of floats that several threads keep together, each with some of its columns as a dense matrix.
///
/// A linear layer's result for some of its outputs is dense. Whole rows are put together only where they are needed.
public struct ColumnSlices {
    /// The columns of each slice, in order.
    public let columns: [Range<Int>]
    private let memory: Matrix

    /// Makes slices in dense memory of at least (rows, width) floats; together they have all columns.
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

    /// The number of rows.
    public var rows: Int { memory.rows }

    /// A slice as a matrix, (rows, columns of the slice); nil for a slice without columns.
    public subscript(index: Int) -> Matrix? {
        let range = columns[index]
        guard !range.isEmpty else { return nil }
        return Matrix(base: memory.base + rows * range.lowerBound, rows: rows, width: range.count)
    }

    /// Copies some rows from all slices into a matrix of whole rows.
    public func gather(_ chosen: Range<Int>, into whole: Matrix) {
        precondition(
            whole.rows == chosen.count && whole.width == memory.width,
            "Gathered rows have another shape."
        )
        for (index, range) in columns.enumerated() {
            self[index]?.rows(chosen).copy(into: whole.columns(range))
        }
    }

    /// Copies whole rows into some rows of all slices.
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
