/// A matrix of floats or bf16 that owns its memory.
///
/// Whoever makes it fills it before anyone else has it; then it is only read.
public final class OwnedRows: Sendable {
    private let memory: AlignedMemory
    private let rows: Int
    private let width: Int
    private let format: NumberFormat

    /// Memory for (rows, width) of undefined content.
    public init(rows: Int, width: Int, format: NumberFormat) throws(KernelError) {
        precondition(rows > 0 && width > 0 && format != .int8, "Owned rows are floats or bf16.")
        memory = try AlignedMemory(
            byteCount: AlignedMemory.byteCount(rows: rows, width: width, of: format.byteCount)
        )
        self.rows = rows
        self.width = width
        self.format = format
    }

    /// The rows, valid as long as the object lives.
    public var matrix: Matrix { Matrix(memory: memory.bytes, rows: rows, width: width, format: format) }
}
