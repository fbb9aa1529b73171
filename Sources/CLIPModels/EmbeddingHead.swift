import CLIPKernels

/// The end of a transformer tower: the pooled tokens, normalised, become embeddings.
struct EmbeddingHead: Sendable {
    private let norm: LayerNorm
    private let projection: Linear

    init(
        _ weights: WeightReader,
        _ tower: CheckpointNames.Tower,
        width: Int,
        epsilon: Float,
        embeddingWidth: Int
    ) throws(ModelError) {
        norm = try weights.layerNorm(tower.finalNorm, width: width, epsilon: epsilon)
        projection = try weights.exact.projection(tower, width: width, embedding: embeddingWidth)
    }

    /// (members, width), which it overwrites -> (members, embeddingWidth).
    func callAsFunction(
        _ pooled: Matrix,
        into embeddings: Matrix,
        observer: StageObserver?,
        in context: ComputeContext
    ) throws(KernelError) {
        guard pooled.rows > 0 else { return }
        norm(pooled, into: pooled)
        observer?(.features, pooled)
        try context.scratch.scope { () throws(KernelError) in
            let features = try context.scratch.matrix(
                rows: pooled.rows,
                width: pooled.width,
                format: projection.format
            )
            pooled.convert(into: features)
            try projection(features, into: embeddings, in: context)
        }
        observer?(.embedding, embeddings)
    }
}
