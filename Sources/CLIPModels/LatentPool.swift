import CLIPKernels

/// Pooling by attention of one learned query over all tokens, followed by an MLP.
///
/// SigLIP and Perception Encoder have it under the name of MAP. The query is the same for every image, so it is
/// computed once, when the model is made. The reference is `AttentionPoolLatent` of timm 1.0.31
/// (`layers/attention_pool.py`). `SiglipMultiheadAttentionPoolingHead` of transformers 5.24 is the same with other
/// names.
struct LatentPool: Sendable {
    /// The query, (1, width).
    private let query: Tensor
    private let keyValue: Linear
    private let attention: Attention
    private let output: Linear
    private let feedForward: FeedForward

    init(
        _ weights: WeightReader,
        _ names: CheckpointNames.LatentPool,
        _ shape: ModelConfiguration.LatentPooling,
        width: Int,
        epsilon: Float
    ) throws(ModelError) {
        let latent = try weights.tensor(names.latent, shape: [1, width], leading: 1)
        let (queryWeights, queryBias): (PlainWeights, Tensor)
        let keyValueWeights: PlainWeights
        let keyValueBias: Tensor
        if names.isJoined {
            let all = try weights.plain([names.query.weight], inputs: width, outputs: 3 * width)
            let bias = try weights.tensor(names.query.bias, shape: [3 * width])
            (queryWeights, queryBias) = (all.outputs(0..<width), try bias.part(0..<width))
            (keyValueWeights, keyValueBias) = (
                all.outputs(width..<3 * width), try bias.part(width..<3 * width)
            )
        } else {
            queryWeights = try weights.plain([names.query.weight], inputs: width, outputs: width)
            queryBias = try weights.tensor(names.query.bias, shape: [width])
            keyValueWeights = try weights.plain([names.keyValue.weight], inputs: width, outputs: 2 * width)
            keyValueBias = try weights.tensor(names.keyValue.bias, shape: [2 * width])
        }
        query = try Self.query(of: latent, weight: queryWeights.read(), bias: queryBias)
        keyValue = try weights.linear(keyValueWeights, bias: keyValueBias)
        attention = Attention(heads: shape.heads)
        output = try weights.linear(names.output, inputs: width, outputs: width)
        feedForward = try FeedForward(
            weights,
            names.feedForward,
            width: width,
            mlpWidth: shape.mlpWidth,
            activation: shape.activation,
            epsilon: epsilon
        )
    }

    /// The query after its linear layer, (1, width), summed in double precision.
    private static func query(
        of latent: Tensor,
        weight: Tensor,
        bias: Tensor
    ) throws(ModelError) -> Tensor {
        let query = try ModelError.wrapping { () throws(KernelError) in try Tensor(width: bias.width) }
        for output in 0..<bias.width {
            let row = weight.matrix.row(output)
            var sum = Double(bias.floats[output])
            for input in 0..<latent.width { sum += Double(row[input]) * Double(latent.floats[input]) }
            query.floats[output] = Float(sum)
        }
        return query
    }

    /// Turns this thread's own normalised rows of a pass, (rows, width), into (members, width).
    ///
    /// All threads of the pass call it at the same time.
    func callAsFunction(
        _ tokens: Matrix,
        of pass: TransformerPass,
        into pooled: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        let width = tokens.width
        let between = keyValue.format.betweenLayers
        let parts = try pass.share.matrix(
            rows: pass.allRows,
            width: 2 * width,
            format: between,
            in: context
        )
        let scratch = context.scratch
        try scratch.scope { () throws(KernelError) in
            let input = try scratch.matrix(rows: tokens.rows, width: width, format: keyValue.format)
            tokens.convert(into: input)
            // (rows, width) -> (rows, 2 x width)
            try keyValue(input, into: parts.rows(pass.filledRows), in: context)
            try pass.share.meet()
            guard pooled.rows > 0 else { return }
            let asked = try scratch.matrix(rows: pooled.rows, width: width, format: between)
            let mixed = try scratch.matrix(rows: pooled.rows, width: width, format: between)
            for row in 0..<pooled.rows { query.matrix.convert(into: asked.rows(row..<row + 1)) }
            try attention.pooled(
                query: asked,
                key: parts.columns(0..<width),
                value: parts.columns(width..<2 * width),
                sequences: pass.sequences,
                members: pass.members,
                into: mixed,
                in: context
            )
            let kept = try scratch.matrix(rows: pooled.rows, width: width, format: output.format)
            try output(mixed.kept(in: kept), into: pooled, in: context)
            try feedForward(pooled, in: context)
        }
    }
}
