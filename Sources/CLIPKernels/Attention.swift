internal import CSimd

/// Multi-head attention within each of many packed sequences: `softmax(Q K^T / sqrt(headWidth)) V` for every head.
///
/// Heads are columns: head h of a row is the numbers from `h * headWidth`. Computed by a kernel of our own: the sequences
/// of a CLIP are short, so that scores fit in the first-level cache, and a library's product, softmax and product pay three
/// calls and two trips through memory for each. With AVX-512 one core did 50 tokens of 12 heads at 60 GFLOP/s, 197 tokens
/// at 85.
///
/// All is f32, but for bf16 on a processor that multiplies pairs of them (AVX-512 BF16): there the weights are rounded to
/// bf16, too, and an image of 197 tokens takes 4 % less time.
public struct Attention: Sendable {
    /// Which rows of a sequence a query may look at.
    public enum Mask: Sendable {
        /// Every row.
        case none
        /// The row of the query and those before it.
        case causal
    }

    private let heads: Int

    /// Attention with `heads` heads.
    public init(heads: Int) {
        precondition(heads > 0, "Attention needs at least one head.")
        self.heads = heads
    }

    /// The same for those heads alone whose columns these are, of (rows, width).
    public func heads(of columns: Range<Int>, in width: Int) -> Attention {
        let headWidth = width / heads
        precondition(
            columns.lowerBound % headWidth == 0 && columns.upperBound % headWidth == 0,
            "Heads are not divided."
        )
        return Attention(heads: columns.count / headWidth)
    }

    /// (queries, width), (rows, width), (rows, width) -> (queries, width), for the queries of some rows.
    ///
    /// Keys and values have the rows of `sequences`; `query` and `output` have those of `rows`, which may begin and end
    /// within a sequence. All are f32 or all bf16. The views may be columns of one matrix. `output` overlaps none of them.
    public func callAsFunction(
        query: Matrix,
        key: Matrix,
        value: Matrix,
        sequences: SequenceLayout,
        rows: Range<Int>,
        mask: Mask,
        into output: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(query.rows == rows.count, "Attention has a query for every row that is asked for.")
        for sequence in sequences.sequences(in: rows) {
            let all = sequences.rows(of: sequence)
            let asked = all.clamped(to: rows)
            try attend(
                query: query.rows(asked.lowerBound - rows.lowerBound..<asked.upperBound - rows.lowerBound),
                key: key.rows(all),
                value: value.rows(all),
                firstPosition: mask == .causal ? asked.lowerBound - all.lowerBound : nil,
                into: output.rows(asked.lowerBound - rows.lowerBound..<asked.upperBound - rows.lowerBound),
                in: context
            )
        }
    }

    /// (members, width), (rows, width), (rows, width) -> (members, width): one query for each of some sequences, which
    /// sees all of its sequence.
    public func pooled(
        query: Matrix,
        key: Matrix,
        value: Matrix,
        sequences: SequenceLayout,
        members: Range<Int>,
        into output: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(query.rows == members.count, "Every sequence that is asked for needs one query.")
        for (index, sequence) in members.enumerated() {
            let all = sequences.rows(of: sequence)
            try attend(
                query: query.rows(index..<index + 1),
                key: key.rows(all),
                value: value.rows(all),
                firstPosition: nil,
                into: output.rows(index..<index + 1),
                in: context
            )
        }
    }

    /// Some queries of one sequence.
    private func attend(
        query: Matrix,
        key: Matrix,
        value: Matrix,
        firstPosition: Int?,
        into output: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        let width = query.width
        precondition(key.width == width && value.width == width && output.width == width, "Widths differ.")
        precondition(width % heads == 0, "The heads do not divide the width.")
        precondition(
            key.format == query.format && value.format == query.format && query.format != .int8
                && output.format != .int8,
            "Attention is computed on floats of one format."
        )
        try context.scratch.scope { () throws(KernelError) in
            let headWidth = Int64(width / heads)
            let floats = csimd_attention_scratch(Int64(key.rows), headWidth)
            let scratch = try context.scratch.matrix(rows: 1, width: floats)
            var work = csimd_attention(
                query: query.simd,
                key: key.simd,
                value: value.simd,
                output: output.simd,
                queries: Int64(query.rows),
                length: Int64(key.rows),
                heads: Int64(heads),
                head_width: headWidth,
                first_position: Int64(firstPosition ?? -1),
                scratch: scratch.base
            )
            csimd_attend(&work)
        }
    }
}
