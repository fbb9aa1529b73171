import CLIPKernels

/// A residual attention block: `tokens += attention(norm(tokens))`, then `FeedForward`.
///
/// The reference is `ResidualAttentionBlock` of open_clip 3.3.0 (`open_clip/transformer.py`).
final class TransformerBlock {
    private let norm: LayerNorm
    private let queryKeyValue: Linear
    private let attention: Attention
    private let output: Linear
    private let feedForward: FeedForward
    private let scratch: ScratchArena

    init(_ weights: WeightReader, _ shape: ModelConfiguration.Encoder) throws(ModelError) {
        let names = weights.names.block
        let width = shape.width
        norm = try weights.layerNorm(names.attentionNorm, width: width, epsilon: shape.layerNormEpsilon)
        let (weight, bias) = try weights.queryKeyValue(width: width)
        queryKeyValue = try weights.linear(weight.matrix, bias: bias)
        attention = Attention(heads: shape.heads, in: weights.context)
        output = try weights.linear(names.attentionOutput, inputs: width, outputs: width, addsToOutput: true)
        feedForward = try FeedForward(weights, shape)
        scratch = weights.context.scratch
    }

    /// Replaces (tokens, width) by the block's result.
    func callAsFunction(
        _ tokens: Matrix,
        sequences: SequenceLayout,
        mask: Attention.Mask
    ) throws(KernelError) {
        let width = tokens.width
        try scratch.scope { () throws(KernelError) in
            let normal = try scratch.matrix(rows: tokens.rows, width: width)
            let parts = try scratch.matrix(rows: tokens.rows, width: 3 * width)
            try norm(tokens, into: normal)
            try queryKeyValue(normal, into: parts)  // (tokens, width) -> (tokens, 3 x width)
            try attention(
                query: parts.columns(0..<width),
                key: parts.columns(width..<2 * width),
                value: parts.columns(2 * width..<3 * width),
                sequences: sequences,
                mask: mask,
                into: normal
            )
            try output(normal, into: tokens)
        }
        try feedForward(tokens)
    }
}

/// The last block of a tower, computed only for the one token of each sequence that the embedding is taken from.
///
/// All tokens give keys and values; the query, the output projection and the MLP are needed for the pooled ones
/// alone. The result is exactly that of a whole block at those rows: the rest of its rows nobody would read. In a
/// causal tower the pooled token has to be the last of its sequence, so that it sees all of it.
final class PoolingBlock {
    private let norm: LayerNorm
    private let query: Linear
    private let keyValue: Linear
    private let attention: Attention
    private let output: Linear
    private let feedForward: FeedForward
    private let scratch: ScratchArena

    init(_ weights: WeightReader, _ shape: ModelConfiguration.Encoder) throws(ModelError) {
        let names = weights.names.block
        let width = shape.width
        norm = try weights.layerNorm(names.attentionNorm, width: width, epsilon: shape.layerNormEpsilon)
        let (weight, bias) = try weights.queryKeyValue(width: width)
        let (queryBias, keyValueBias) = try ModelError.wrapping { () throws(KernelError) in
            (try Tensor(Array(bias.floats[..<width])), try Tensor(Array(bias.floats[width...])))
        }
        query = try weights.linear(weight.matrix.rows(0..<width), bias: queryBias)
        keyValue = try weights.linear(weight.matrix.rows(width..<3 * width), bias: keyValueBias)
        attention = Attention(heads: shape.heads, in: weights.context)
        output = try weights.linear(names.attentionOutput, inputs: width, outputs: width, addsToOutput: true)
        feedForward = try FeedForward(weights, shape)
        scratch = weights.context.scratch
    }

    /// (tokens, width) -> (sequences, width), for one row of each sequence.
    func callAsFunction(
        _ tokens: Matrix,
        sequences: SequenceLayout,
        pooledRows: [Int],
        into pooled: Matrix
    ) throws(KernelError) {
        let width = tokens.width
        try scratch.scope { () throws(KernelError) in
            let normal = try scratch.matrix(rows: tokens.rows, width: width)
            let parts = try scratch.matrix(rows: tokens.rows, width: 2 * width)
            let asked = try scratch.matrix(rows: pooled.rows, width: width)
            try norm(tokens, into: normal)
            try keyValue(normal, into: parts)  // (tokens, width) -> (tokens, 2 x width)
            pooled.gather(pooledRows, from: normal)
            try query(pooled, into: asked)
            try attention(
                query: asked,
                key: parts.columns(0..<width),
                value: parts.columns(width..<2 * width),
                sequences: sequences,
                mask: .none,
                into: normal.rows(0..<pooled.rows)
            )
            pooled.gather(pooledRows, from: tokens)
            try output(normal.rows(0..<pooled.rows), into: pooled)
        }
        try feedForward(pooled)
    }
}

extension WeightReader {
    /// Weight (3 x width, width) and bias (3 x width) of query, key and value, however the checkpoint keeps them.
    fileprivate func queryKeyValue(width: Int) throws(ModelError) -> (weight: Tensor, bias: Tensor) {
        let parts = names.block.queryKeyValue
        let outputs = 3 * width / parts.count
        return (
            try joined(parts.map(\.weight), shape: [outputs, width]),
            try joined(parts.map(\.bias), shape: [outputs])
        )
    }
}
