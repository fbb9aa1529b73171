import CLIPKernels

/// The end of a tower, which turns pooled tokens into embeddings and normalises them first if they are not yet
/// normalised.
struct EmbeddingHead: Sendable {
    private let norm: LayerNorm?
    /// The projection; nil if the features are the embedding.
    private let projection: Linear?

    /// - Parameter normalises: whether the tokens still have to be normalised.
    init(
        _ weights: WeightReader,
        _ tower: CheckpointNames.Tower,
        _ kind: ModelConfiguration.Projection,
        width: Int,
        epsilon: Float,
        embeddingWidth: Int,
        normalises: Bool = true
    ) throws(ModelError) {
        norm = normalises ? try weights.layerNorm(tower.finalNorm, width: width, epsilon: epsilon) : nil
        projection = try weights.exact.projection(tower, kind, width: width, embedding: embeddingWidth)
    }

    /// Turns (members, width), which it overwrites, into (members, embeddingWidth).
    func callAsFunction(
        _ pooled: Matrix,
        into embeddings: Matrix,
        observer: StageObserver?,
        in context: ComputeContext
    ) throws(KernelError) {
        guard pooled.rows > 0 else { return }
        norm?(pooled, into: pooled)
        observer?(.features, pooled)
        if let projection {
            try context.scratch.scope { () throws(KernelError) in
                let features = try context.scratch.matrix(
                    rows: pooled.rows,
                    width: pooled.width,
                    format: projection.format
                )
                pooled.convert(into: features)
                try projection(features, into: embeddings, in: context)
            }
        } else {
            pooled.copy(into: embeddings)
        }
        observer?(.embedding, embeddings)
    }
}
