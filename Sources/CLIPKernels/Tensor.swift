/// Floats that live as long as a model: a norm's scale, a bias, a table of embeddings.
///
/// It is a matrix of `rows` x `width`, aligned to a cache line. Linear layers keep their weights in the layout of
/// their products instead. Whoever makes a tensor fills it before anyone else has it; from then on any number of threads may read it.
public final class Tensor: Sendable {
    /// The number of rows; 1 for a vector.
    public let rows: Int
    /// The number of floats in a row.
    public let width: Int
    private let storage: AlignedMemory

    /// Makes `rows` x `width` zeros, to be filled through `matrix`.
    public init(rows: Int = 1, width: Int) throws(KernelError) {
        precondition(rows > 0 && width > 0, "A tensor has at least one row and one column.")
        self.rows = rows
        self.width = width
        storage = try AlignedMemory(floatCount: rows, times: width)
        storage.floats.initialize(repeating: 0, count: rows * width)
    }

    /// Makes a copy of `floats` as `rows` rows of equal width.
    public convenience init(rows: Int = 1, _ floats: [Float]) throws(KernelError) {
        precondition(rows > 0 && floats.count % rows == 0, "The floats do not fill whole rows.")
        try self.init(rows: rows, width: floats.count / rows)
        storage.floats.update(from: floats, count: floats.count)
    }

    /// A view of the floats.
    ///
    /// It does not keep the tensor alive: whoever uses the view has to hold the tensor.
    public var matrix: Matrix { Matrix(base: storage.floats, rows: rows, width: width) }

    /// All floats, row by row, valid as long as `self` lives.
    public var floats: UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: storage.floats, count: rows * width)
    }
}
