import CLIPKernels

/// The second half of a transformer block: `tokens += contraction(activation(expansion(norm(tokens))))`.
struct FeedForward: Sendable {
    let norm: LayerNorm
    let expansion: Linear
    let contraction: Linear

    init(_ weights: WeightReader, _ shape: ModelConfiguration.Encoder) throws(ModelError) {
        let names = weights.names.block
        norm = try weights.layerNorm(
            names.feedForwardNorm,
            width: shape.width,
            epsilon: shape.layerNormEpsilon
        )
        expansion = try weights.linear(
            names.expansion,
            inputs: shape.width,
            outputs: shape.mlpWidth,
            activation: shape.activation
        )
        contraction = try weights.linear(
            names.contraction,
            inputs: shape.mlpWidth,
            outputs: shape.width,
            addsToOutput: true
        )
    }

    func callAsFunction(_ tokens: Matrix, in context: ComputeContext) throws(KernelError) {
        let scratch = context.scratch
        try scratch.scope { () throws(KernelError) in
            let format = expansion.format
            let normal = try scratch.matrix(rows: tokens.rows, width: tokens.width, format: format)
            let hidden = try scratch.matrix(rows: tokens.rows, width: expansion.outputWidth, format: format)
            norm(tokens, into: normal)
            try expansion(normal, into: hidden, in: context)  // (tokens, width) -> (tokens, mlpWidth)
            try contraction(hidden, into: tokens, in: context)  // -> added to (tokens, width)
        }
    }
}
