import CLIPKernels

/// The second half of a transformer block: `tokens += contraction(activation(expansion(norm(tokens))))`.
final class FeedForward {
    private let norm: LayerNorm
    private let expansion: Linear
    private let contraction: Linear
    private let scratch: ScratchArena

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
        scratch = weights.context.scratch
    }

    func callAsFunction(_ tokens: Matrix) throws(KernelError) {
        try scratch.scope { () throws(KernelError) in
            let normal = try scratch.matrix(rows: tokens.rows, width: tokens.width)
            let hidden = try scratch.matrix(rows: tokens.rows, width: expansion.outputWidth)
            try norm(tokens, into: normal)
            try expansion(normal, into: hidden)  // (tokens, width) -> (tokens, mlpWidth)
            try contraction(hidden, into: tokens)  // (tokens, mlpWidth) -> added to (tokens, width)
        }
    }
}
