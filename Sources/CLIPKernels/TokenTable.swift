internal import CSimd

/// The embeddings of a vocabulary's tokens, (tokens, width), which are only looked up, never multiplied.
///
/// They have the format of the layers, because OpenAI's vocabulary is a sixth of all numbers of ViT-B/32.
public struct TokenTable: Sendable {
    /// The address of the rows, and the object that keeps them in memory.
    private nonisolated(unsafe) let bytes: UnsafeMutableRawPointer
    private let owner: any Sendable
    /// The scale of each token's bytes; nil unless the format is int8.
    private let scales: Tensor?
    private let tokens: Int
    private let width: Int
    private let format: NumberFormat

    /// Makes a table for this many tokens, to be filled by `set`.
    public init(tokens: Int, width: Int, format: NumberFormat) throws(KernelError) {
        precondition(tokens > 0 && width > 0, "A table has at least one token and one column.")
        let memory = try AlignedMemory(
            byteCount: AlignedMemory.byteCount(rows: tokens, width: width, of: format.byteCount)
        )
        bytes = memory.bytes
        owner = memory
        scales = format == .int8 ? try Tensor(width: tokens) : nil
        self.tokens = tokens
        self.width = width
        self.format = format
    }

    /// Makes a table of the rows that another table gave as `rowBytes`, which are only read, and of a copy of its
    /// scales.
    public init(
        adopting rows: UnsafeRawBufferPointer,
        scales: UnsafeRawBufferPointer?,
        of owner: any Sendable,
        tokens: Int,
        width: Int,
        format: NumberFormat
    ) throws(KernelError) {
        let found = scales?.bindMemory(to: Float.self)
        guard let base = rows.baseAddress,
            rows.count >= AlignedMemory.byteCount(rows: tokens, width: width, of: format.byteCount),
            format != .int8 || (found?.count ?? 0) >= tokens
        else {
            throw .operationFailed(operation: "adoption of a table", status: 0)
        }
        bytes = UnsafeMutableRawPointer(mutating: base)
        self.owner = owner
        self.scales =
            format == .int8
            ? try found.map { (it) throws(KernelError) in try Tensor(Array(it[..<tokens])) } : nil
        self.tokens = tokens
        self.width = width
        self.format = format
    }

    /// The rows, valid as long as the table lives.
    public var rowBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes, count: tokens * width * format.byteCount)
    }

    /// The scales of the rows if the format is int8, valid as long as the table lives.
    public var scaleBytes: UnsafeRawBufferPointer? { scales.map { UnsafeRawBufferPointer($0.floats) } }

    /// Fills the rows from `first` on; only the maker of the table may do so, before anyone else has it.
    public func set(first: Int, from rows: Matrix) {
        precondition(first >= 0 && first + rows.rows <= tokens && rows.width == width, "No such rows.")
        rows.convert(into: matrix.rows(first..<first + rows.rows))
    }

    /// Sets `target` to the embedding of a token plus `addend`; both have `width` floats.
    public func look(
        up token: Int,
        adding addend: UnsafePointer<Float>,
        into target: UnsafeMutablePointer<Float>
    ) {
        precondition(token >= 0 && token < tokens, "The vocabulary has no such token.")
        csimd_widen_add(Int64(width), matrix.rows(token..<token + 1).simd, addend, target)
    }

    private var matrix: Matrix {
        Matrix(
            bytes: bytes,
            rows: tokens,
            width: width,
            rowStride: width,
            format: format,
            scales: scales?.matrix.base
        )
    }
}
