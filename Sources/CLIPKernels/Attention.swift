internal import CSimd

/// Multi-head attention within each of many packed sequences: `softmax(Q K^T / sqrt(headWidth)) V` for every head.
///
/// Heads are columns: head h has the `headWidth` numbers of a row from `h * headWidth` on. The kernel is our own,
/// because the sequences of a CLIP are short: the scores fit into the first-level cache, while a library needs a
/// product, a softmax and another product, with three calls and two trips through memory for each head. With AVX-512
/// one core did 50 tokens of 12 heads at 60 GFLOP/s, 197 tokens at 85.
///
/// Everything is f32, except bf16 on a processor that multiplies pairs of bf16 (AVX-512 BF16). There the attention
/// weights are rounded to bf16 too, and an image of 197 tokens takes 4 % less time.
public struct Attention: Sendable {
    /// The rows of a sequence that a query may attend to.
    public enum Mask: Sendable {
        /// Every row.
        case none
        /// The row of the query and those before it.
        case causal
    }

    private let heads: Int

    /// Attention with `heads` heads, which share the width.
    public init(heads: Int) {
        precondition(heads > 0, "Attention needs at least one head.")
        self.heads = heads
    }

    /// The same attention for only those heads whose columns these are, in a matrix of this width.
    public func heads(of columns: Range<Int>, in width: Int) -> Attention {
        let headWidth = width / heads
        precondition(
            columns.lowerBound % headWidth == 0 && columns.upperBound % headWidth == 0,
            "Heads are not divided."
        )
        return Attention(heads: columns.count / headWidth)
    }

    /// Computes attention for the queries of some rows: (queries, width) from keys and values, (rows, width) each.
    ///
    /// Keys and values have the cached rows of `sequences` and then its rows; `query` and `output` have those of
    /// `rows`, which may begin and end within a sequence. All are f32 or all are bf16. They may be columns of one
    /// matrix. `output` must not overlap the others.
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
            let seen = Seen(sequence, of: sequences, key: key, value: value)
            let prefix = seen.length - all.count
            try attend(
                query: query.rows(asked.lowerBound - rows.lowerBound..<asked.upperBound - rows.lowerBound),
                seen: seen,
                firstPosition: mask == .causal ? prefix + asked.lowerBound - all.lowerBound : nil,
                into: output.rows(asked.lowerBound - rows.lowerBound..<asked.upperBound - rows.lowerBound),
                in: context
            )
        }
    }

    /// Computes attention for one query in each of some sequences, which attends to all of its sequence.
    ///
    /// `query` and `output` are (members, width), keys and values as above.
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
            try attend(
                query: query.rows(index..<index + 1),
                seen: Seen(sequence, of: sequences, key: key, value: value),
                firstPosition: nil,
                into: output.rows(index..<index + 1),
                in: context
            )
        }
    }

    /// The keys and values of one sequence.
    private struct Seen {
        let key: Matrix
        let value: Matrix
        /// The row at each position; nil if they lie one after the other.
        let places: [Int64]?
        /// The number of positions.
        let length: Int

        init(_ sequence: Int, of sequences: SequenceLayout, key: Matrix, value: Matrix) {
            places = sequences.places(of: sequence)
            if let places {
                precondition(
                    key.rows == value.rows && places.allSatisfy { $0 < Int64(key.rows) },
                    "Keys and values have the rows of all sequences."
                )
                (self.key, self.value, length) = (key, value, places.count)
            } else {
                let own = sequences.rows(of: sequence)
                let rows = own.lowerBound + sequences.cachedRows..<own.upperBound + sequences.cachedRows
                (self.key, self.value, length) = (key.rows(rows), value.rows(rows), rows.count)
            }
        }
    }

    /// Computes attention for some queries of one sequence.
    private func attend(
        query: Matrix,
        seen: Seen,
        firstPosition: Int?,
        into output: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        let (key, value, width) = (seen.key, seen.value, query.width)
        precondition(key.width == width && value.width == width && output.width == width, "Widths differ.")
        precondition(width % heads == 0, "The heads do not divide the width.")
        precondition(
            key.format == query.format && value.format == query.format && query.format != .int8
                && output.format != .int8,
            "Attention is computed on floats of one format."
        )
        try context.scratch.scope { () throws(KernelError) in
            let headWidth = Int64(width / heads)
            let floats = csimd_attention_scratch(Int64(seen.length), headWidth)
            let scratch = try context.scratch.matrix(rows: 1, width: floats)
            func attend(_ places: UnsafePointer<Int64>?) {
                var work = csimd_attention(
                    query: query.simd,
                    key: key.simd,
                    value: value.simd,
                    places: places,
                    output: output.simd,
                    queries: Int64(query.rows),
                    length: Int64(seen.length),
                    heads: Int64(heads),
                    head_width: headWidth,
                    first_position: Int64(firstPosition ?? -1),
                    scratch: scratch.base
                )
                csimd_attend(&work)
            }
            if let places = seen.places {
                places.withUnsafeBufferPointer { attend($0.baseAddress) }
            } else {
                attend(nil)
            }
        }
    }
}
