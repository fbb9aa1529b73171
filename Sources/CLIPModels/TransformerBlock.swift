import CLIPKernels

/// A residual attention block: `tokens += attention(norm(tokens))`, then `FeedForward`.
///
/// The reference is `ResidualAttentionBlock` of open_clip 3.3.0 (`open_clip/transformer.py`).
struct TransformerBlock: Sendable {
    let norm: LayerNorm
    let queryKeyValue: Linear
    let attention: Attention
    /// The rotation of queries and keys by their position, if there is one.
    let rotation: RotaryPositions?
    let output: Linear
    let feedForward: FeedForward

    init(
        _ weights: WeightReader,
        _ shape: ModelConfiguration.Encoder,
        _ names: CheckpointNames.Block,
        rotation: RotaryPositions?
    ) throws(ModelError) {
        norm = try weights.layerNorm(names.attentionNorm, width: shape.width, epsilon: shape.layerNormEpsilon)
        let (weight, bias) = try weights.queryKeyValue(shape, names)
        queryKeyValue = try weights.linear(weight, bias: bias)
        attention = Attention(heads: shape.heads)
        self.rotation = rotation
        output = try weights.attentionOutput(shape, names)
        feedForward = try FeedForward(weights, shape, names)
    }

    /// Replaces the pass's own rows of the tokens, (tokens, width), by the block's result.
    ///
    /// `parts` is memory for queries, keys and values, (key rows, 3 x width), which all threads of the pass can read.
    /// `next` is what the thread reads after the block.
    func callAsFunction(
        _ tokens: Matrix,
        of pass: TransformerPass,
        parts: Matrix,
        mask: Attention.Mask,
        before next: NextWeights?,
        in context: ComputeContext
    ) throws(KernelError) {
        let width = tokens.width
        let scratch = context.scratch
        try scratch.scope { () throws(KernelError) in
            let normal = try scratch.matrix(rows: tokens.rows, width: width, format: output.format)
            let mixed = try scratch.matrix(rows: tokens.rows, width: width, format: parts.format)
            norm(tokens, into: normal)
            // (tokens, width) -> (tokens, 3 x width)
            try queryKeyValue(
                normal,
                into: parts.rows(pass.keyRows(of: pass.filledRows)),
                before: NextWeights(output),
                in: context
            )
            let own = parts.rows(pass.keyRows(of: pass.rows))
            rotation?.rotate(own.columns(0..<2 * width), first: pass.rows.lowerBound)
            try pass.share.meet()
            try attention(
                query: own.columns(0..<width),
                key: parts.columns(width..<2 * width),
                value: parts.columns(2 * width..<3 * width),
                sequences: pass.sequences,
                rows: pass.rows,
                mask: mask,
                into: mixed.rows(0..<pass.rows.count),
                in: context
            )
            mixed.rows(pass.rows.count..<mixed.rows).fillWithZeros()
            try output(
                mixed.kept(in: normal),
                into: tokens,
                before: NextWeights(feedForward.expansion),
                in: context
            )
        }
        try feedForward(tokens, before: next, in: context)
    }
}

/// The last block of a tower, computed only for the token of each sequence from which the embedding is taken.
///
/// All tokens give keys and values. The query, the output projection and the MLP are needed only for the pooled tokens.
/// The result is exactly that of a whole block at those rows; nothing would read its other rows. In a causal tower the
/// pooled token has to be the last of its sequence, so that it sees all of it.
struct PoolingBlock: Sendable {
    let norm: LayerNorm
    let query: Linear
    let keyValue: Linear
    let attention: Attention
    let output: Linear
    let feedForward: FeedForward

    init(
        _ weights: WeightReader,
        _ shape: ModelConfiguration.Encoder,
        _ names: CheckpointNames.Block
    ) throws(ModelError) {
        let width = shape.width
        norm = try weights.layerNorm(names.attentionNorm, width: width, epsilon: shape.layerNormEpsilon)
        let (weight, bias) = try weights.queryKeyValue(shape, names)
        let queryBias = try bias?.part(0..<width)
        let keyValueBias = try bias?.part(width..<3 * width)
        query = try weights.linear(weight.outputs(0..<width), bias: queryBias)
        keyValue = try weights.linear(weight.outputs(width..<3 * width), bias: keyValueBias)
        attention = Attention(heads: shape.heads)
        output = try weights.attentionOutput(shape, names)
        feedForward = try FeedForward(weights, shape, names)
    }

    /// The format of keys and values.
    var keyFormat: NumberFormat { keyValue.format.betweenLayers }

    /// Turns (tokens, width) into (members, width), for the pooled rows among the pass's own.
    ///
    /// `keyValue` is memory for keys and values, (key rows, 2 x width), which all threads of the pass can read.
    func callAsFunction(
        _ tokens: Matrix,
        of pass: TransformerPass,
        keyValue parts: Matrix,
        into pooled: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        let width = tokens.width
        let scratch = context.scratch
        try scratch.scope { () throws(KernelError) in
            let normal = try scratch.matrix(rows: tokens.rows, width: width, format: keyValue.format)
            norm(tokens, into: normal)
            // (tokens, width) -> (tokens, 2 x width)
            try keyValue(
                normal,
                into: parts.rows(pass.keyRows(of: pass.filledRows)),
                before: NextWeights(query),
                in: context
            )
            try pass.share.meet()
            guard pooled.rows > 0 else { return }
            let chosen = try scratch.matrix(rows: pooled.rows, width: width, format: query.format)
            let asked = try scratch.matrix(rows: pooled.rows, width: width, format: parts.format)
            let mixed = try scratch.matrix(rows: pooled.rows, width: width, format: parts.format)
            chosen.gather(pass.ownPooledRows, from: normal)
            try query(chosen, into: asked, before: NextWeights(output), in: context)
            try attention.pooled(
                query: asked,
                key: parts.columns(0..<width),
                value: parts.columns(width..<2 * width),
                sequences: pass.sequences,
                members: pass.members,
                into: mixed,
                in: context
            )
            pooled.gather(pass.ownPooledRows, from: tokens)
            try output(
                mixed.kept(in: chosen),
                into: pooled,
                before: NextWeights(feedForward.expansion),
                in: context
            )
        }
        guard pooled.rows > 0 else { return }
        try feedForward(pooled, in: context)
    }
}
