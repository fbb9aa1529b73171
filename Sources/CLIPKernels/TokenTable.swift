internal import CSimd

/// The embeddings of the tokens of a vocabulary, (tokens, width): only looked up, never multiplied.
///
/// In the format of the layers, since OpenAI's vocabulary is a sixth of all numbers of ViT-B/32.
public struct TokenTable: Sendable {
    /// Where the rows lie, and who keeps them there.
    private nonisolated(unsafe) let bytes: UnsafeMutableRawPointer
    private let owner: any Sendable
    /// What the bytes of each token are multiplied with, where the format is int8.
    private let scales: Tensor?
    private let tokens: Int
    private let width: Int
    private let format: NumberFormat

    /// Memory for so many tokens, to be filled by `set`.
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

    /// A table over the rows that another one gave as `rowBytes`, which are only read, and a copy of its scales.
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

    /// The rows, for as long as the table lives.
    public var rowBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes, count: tokens * width * format.byteCount)
    }

    /// The scales of the rows, where the format is int8, for as long as the table lives.
    public var scaleBytes: UnsafeRawBufferPointer? { scales.map { UnsafeRawBufferPointer($0.floats) } }

    /// Fills the rows from `first` on; only for whoever makes the table, before anyone else has it.
    public func set(first: Int, from rows: Matrix) {
        precondition(first >= 0 && first + rows.rows <= tokens && rows.width == width, "No such rows.")
        rows.convert(into: matrix.rows(first..<first + rows.rows))
    }

    /// target = the embedding of a token + addend; both have `width` floats.
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
