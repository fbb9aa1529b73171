import CLIPKernels

/// The second half of a transformer block: `tokens += contraction(activation(expansion(norm(tokens))))`.
struct FeedForward: Sendable {
    let norm: LayerNorm
    let expansion: Linear
    let contraction: Linear

    init(
        _ weights: WeightReader,
        _ shape: ModelConfiguration.Encoder,
        _ names: CheckpointNames.Block
    )
        throws(ModelError)
    {
        try self.init(
            weights,
            names.feedForward,
            width: shape.width,
            mlpWidth: shape.mlpWidth,
            activation: shape.activation,
            epsilon: shape.layerNormEpsilon,
            gains: shape.hasGains ? names.feedForwardGains : nil
        )
    }

    /// - Parameter gains: the factors by which the result is multiplied before it is added, if there are any.
    init(
        _ weights: WeightReader,
        _ names: CheckpointNames.FeedForward,
        width: Int,
        mlpWidth: Int,
        activation: Activation,
        epsilon: Float,
        gains: String? = nil
    ) throws(ModelError) {
        norm = try weights.layerNorm(names.norm, width: width, epsilon: epsilon)
        expansion = try weights.linear(
            names.expansion,
            inputs: width,
            outputs: mlpWidth,
            activation: activation
        )
        contraction = try weights.linear(
            names.contraction,
            inputs: mlpWidth,
            outputs: width,
            addsToOutput: true,
            gains: gains
        )
    }

    /// - Parameter next: the weights that the thread reads next, if they are known.
    func callAsFunction(
        _ tokens: Matrix,
        before next: NextWeights? = nil,
        in context: ComputeContext
    ) throws(KernelError) {
        let scratch = context.scratch
        try scratch.scope { () throws(KernelError) in
            let format = expansion.format
            let normal = try scratch.matrix(rows: tokens.rows, width: tokens.width, format: format)
            let hidden = try scratch.matrix(rows: tokens.rows, width: expansion.outputWidth, format: format)
            norm(tokens, into: normal)
            // (tokens, width) -> (tokens, mlpWidth) -> added to (tokens, width)
            try expansion(normal, into: hidden, before: NextWeights(contraction), in: context)
            try contraction(hidden, into: tokens, before: next, in: context)
        }
    }
}
