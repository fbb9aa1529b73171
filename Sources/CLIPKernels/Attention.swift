internal import COneDNN

/// Multi-head attention within each of many packed sequences: `softmax(Q K^T / sqrt(headWidth)) V` for every head.
///
/// Heads are columns: head h of a row is the floats from `h * headWidth`. Nothing is moved to separate them, the
/// products read and write with strides.
public final class Attention {
    /// Which rows of a sequence a query may look at.
    public enum Mask: Sendable {
        /// Every row.
        case none
        /// The row of the query and those before it. Needs a query for every row.
        case causal
    }

    private let context: ComputeContext
    private let heads: Int

    /// How many scores (queries x rows) are computed at once, so that they stay in the cache between the
    /// products: 256 K floats are 1 MiB, about a core's second-level cache.
    ///
    /// Also what bounds the memory of long sequences.
    private static let scoreLimit = 256 * 1024

    /// Attention with `heads` heads.
    public init(heads: Int, in context: ComputeContext) {
        precondition(heads > 0, "Attention needs at least one head.")
        self.context = context
        self.heads = heads
    }

    /// (query rows, width), (rows, width), (rows, width) -> (query rows, width).
    ///
    /// Keys and values have the rows of `sequences`. The queries have either the same rows or exactly one row for
    /// each sequence, in order, when only one position of a sequence is wanted. The views may be columns of one
    /// matrix. `output` overlaps none of them.
    public func callAsFunction(
        query: Matrix,
        key: Matrix,
        value: Matrix,
        sequences: SequenceLayout,
        mask: Mask,
        into output: Matrix
    ) throws(KernelError) {
        precondition(
            key.rows == sequences.rows && value.rows == sequences.rows,
            "Keys or values are missing."
        )
        let isPooled = query.rows != sequences.rows
        precondition(
            !isPooled || query.rows == sequences.count,
            "Every sequence needs one query, or all its rows."
        )
        precondition(!isPooled || mask == .none, "A causal mask needs a query for every row.")
        precondition(output.rows == query.rows, "Attention has an output row for every query.")
        let width = query.width
        precondition(key.width == width && value.width == width && output.width == width, "Widths differ.")
        precondition(width % heads == 0, "The heads do not divide the width.")

        for run in sequences.runs {
            let queries = isPooled ? 1 : run.length
            let perHead = queries * run.length
            let headStep = min(heads, max(1, Self.scoreLimit / perHead))
            let sequenceStep = headStep < heads ? 1 : max(1, Self.scoreLimit / (perHead * heads))
            for first in stride(from: 0, to: run.count, by: sequenceStep) {
                for head in stride(from: 0, to: heads, by: headStep) {
                    try attend(
                        Tile(
                            queries: queries,
                            length: run.length,
                            sequences: min(sequenceStep, run.count - first),
                            heads: min(headStep, heads - head),
                            firstQueryRow: isPooled
                                ? run.firstSequence + first : run.firstRow + first * run.length,
                            firstRow: run.firstRow + first * run.length,
                            column: head * (width / heads),
                            headWidth: width / heads
                        ),
                        query: query,
                        key: key,
                        value: value,
                        mask: mask,
                        into: output
                    )
                }
            }
        }
    }

    /// Some heads of some sequences of equal length.
    private struct Tile {
        var queries: Int
        var length: Int
        var sequences: Int
        var heads: Int
        var firstQueryRow: Int
        var firstRow: Int
        var column: Int
        var headWidth: Int

        /// Heads beside each other in the columns of a matrix: (sequences, heads, rows, headWidth).
        func stack(rows: Int, in matrix: Matrix) -> PrimitiveKey.Stack {
            PrimitiveKey.Stack(
                sequences: sequences,
                heads: heads,
                rows: rows,
                columns: headWidth,
                sequenceStride: rows * matrix.rowStride,
                headStride: headWidth,
                rowStride: matrix.rowStride,
                columnStride: 1
            )
        }

        /// The dense scores: (sequences, heads, queries, length).
        var scores: PrimitiveKey.Stack {
            PrimitiveKey.Stack(
                sequences: sequences,
                heads: heads,
                rows: queries,
                columns: length,
                sequenceStride: heads * queries * length,
                headStride: queries * length,
                rowStride: length,
                columnStride: 1
            )
        }
    }

    private func attend(
        _ tile: Tile,
        query: Matrix,
        key: Matrix,
        value: Matrix,
        mask: Mask,
        into output: Matrix
    ) throws(KernelError) {
        try context.scratch.scope { () throws(KernelError) in
            let rows = tile.sequences * tile.heads * tile.queries
            let scores = try context.scratch.matrix(rows: rows, width: tile.length)

            // (queries, headWidth) x (headWidth, length) -> (queries, length)
            let queries = tile.stack(rows: tile.queries, in: query)
            var operands = codnn_operands()
            operands.source = UnsafePointer(query.row(tile.firstQueryRow) + tile.column)
            operands.weights = UnsafePointer(key.row(tile.firstRow) + tile.column)
            operands.destination = scores.base
            let scale = 1 / Float(tile.headWidth).squareRoot()
            let keys = tile.stack(rows: tile.length, in: key).transposed
            try context.run(
                context.primitive(
                    for: .product(left: queries, right: keys, output: tile.scores, scale: scale)
                ),
                operands
            )

            if mask == .causal { hideFuture(in: scores, length: tile.length) }
            operands = codnn_operands()
            operands.source = UnsafePointer(scores.base)
            operands.destination = scores.base
            try context.run(context.primitive(for: .softmax(rows: rows, width: tile.length)), operands)

            // (queries, length) x (length, headWidth) -> (queries, headWidth)
            let values = tile.stack(rows: tile.length, in: value)
            let results = tile.stack(rows: tile.queries, in: output)
            operands = codnn_operands()
            operands.source = UnsafePointer(scores.base)
            operands.weights = UnsafePointer(value.row(tile.firstRow) + tile.column)
            operands.destination = output.row(tile.firstQueryRow) + tile.column
            try context.run(
                context.primitive(for: .product(left: tile.scores, right: values, output: results, scale: 1)),
                operands
            )
        }
    }

    /// Minus infinity for what lies behind a query, as the reference adds it; softmax makes it an exact zero.
    private func hideFuture(in scores: Matrix, length: Int) {
        for row in 0..<scores.rows {
            let position = row % length
            (scores.row(row) + position + 1).update(repeating: -.infinity, count: length - position - 1)
        }
    }
}

extension PrimitiveKey.Stack {
    fileprivate var transposed: Self {
        var it = self
        (it.rows, it.columns) = (columns, rows)
        (it.rowStride, it.columnStride) = (columnStride, rowStride)
        return it
    }
}
