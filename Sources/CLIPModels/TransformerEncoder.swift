import CLIPKernels

/// The blocks of a tower: all tokens in, the pooled token of every sequence out.
final class TransformerEncoder {
    private let blocks: [TransformerBlock]
    private let last: PoolingBlock

    init(
        _ weights: WeightReader,
        below name: String,
        _ shape: ModelConfiguration.Encoder
    ) throws(ModelError) {
        var blocks: [TransformerBlock] = []
        for index in 0..<shape.layers - 1 {
            blocks.append(try TransformerBlock(weights.scope("\(name).\(index)"), shape))
        }
        self.blocks = blocks
        last = try PoolingBlock(weights.scope("\(name).\(shape.layers - 1)"), shape)
    }

    /// (tokens, width), which it overwrites -> (sequences, width), one row of each sequence.
    func callAsFunction(
        _ tokens: Matrix,
        sequences: SequenceLayout,
        mask: Attention.Mask,
        pooledRows: [Int],
        into pooled: Matrix,
        observer: StageObserver?
    ) throws(KernelError) {
        for (index, block) in blocks.enumerated() {
            try block(tokens, sequences: sequences, mask: mask)
            observer?(.block(index), tokens)
        }
        try last(tokens, sequences: sequences, pooledRows: pooledRows, into: pooled)
        observer?(.block(blocks.count), pooled)
    }
}
