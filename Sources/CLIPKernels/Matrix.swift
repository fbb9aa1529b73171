/// A view of `rows` x `width` floats that somebody else owns: scratch, a tensor, or some columns of another matrix.
///
/// It is a pointer with a shape. It must not outlive what it points into: kernels take it as an argument and never
/// keep it.
public struct Matrix {
    /// The first float of the first row.
    public let base: UnsafeMutablePointer<Float>
    /// How many rows there are.
    public let rows: Int
    /// How many floats belong to a row.
    public let width: Int
    /// The distance between the first floats of neighbouring rows; at least `width`.
    public let rowStride: Int

    /// A view over `rows` rows that lie `rowStride` floats apart, or directly behind each other without one.
    public init(base: UnsafeMutablePointer<Float>, rows: Int, width: Int, rowStride: Int? = nil) {
        precondition(
            rows >= 0 && width > 0,
            "A matrix has no negative number of rows and at least one column."
        )
        precondition(rowStride ?? width >= width, "The rows of a matrix may not overlap.")
        self.base = base
        self.rows = rows
        self.width = width
        self.rowStride = rowStride ?? width
    }

    /// Whether the rows lie directly behind each other.
    public var isDense: Bool { rowStride == width }

    /// The first float of a row.
    public func row(_ index: Int) -> UnsafeMutablePointer<Float> {
        base + index * rowStride
    }

    /// The same rows, but only these columns.
    public func columns(_ range: Range<Int>) -> Matrix {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= width,
            "The columns lie outside the matrix."
        )
        return Matrix(base: base + range.lowerBound, rows: rows, width: range.count, rowStride: rowStride)
    }

    /// Only these rows.
    public func rows(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "The rows lie outside the matrix.")
        return Matrix(base: row(range.lowerBound), rows: range.count, width: width, rowStride: rowStride)
    }

    /// Copies row `indices[i]` of `source` into row `i`, for every index.
    public func gather(_ indices: [Int], from source: Matrix) {
        precondition(
            rows == indices.count && width == source.width,
            "Gathered rows need a matrix of their shape."
        )
        for (target, index) in indices.enumerated() {
            precondition(index >= 0 && index < source.rows, "A gathered row lies outside its matrix.")
            row(target).update(from: source.row(index), count: width)
        }
    }

    /// A copy of the floats, row after row.
    public func floats() -> [Float] {
        [Float](unsafeUninitializedCapacity: rows * width) { buffer, count in
            count = rows * width
            guard let target = buffer.baseAddress else { return }
            for index in 0..<rows {
                (target + index * width).initialize(from: row(index), count: width)
            }
        }
    }
}
