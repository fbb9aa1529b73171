import CLIPKernels

/// The image tower: pixel values in, embeddings out.
///
/// The reference is `VisionTransformer` of open_clip 3.3.0 (`open_clip/transformer.py`).
final class VisionTransformer {
    private let width: Int
    /// Tokens of an image.
    private let tokensPerImage: Int
    private let patches: PatchProjection
    /// (1 + patches, width): what a token is before its patch is added.
    ///
    /// Row 0 is the class token with its position.
    private let emptyTokens: Tensor
    private let inputNorm: LayerNorm
    private let encoder: TransformerEncoder
    private let finalNorm: LayerNorm
    private let projection: Linear
    private let scratch: ScratchArena

    init(
        _ weights: WeightReader,
        _ shape: ModelConfiguration.PatchTransformer,
        imageSize: Int,
        embeddingWidth: Int
    ) throws(ModelError) {
        let names = weights.names
        let (width, epsilon) = (shape.encoder.width, shape.encoder.layerNormEpsilon)
        self.width = width
        tokensPerImage = shape.tokens(imageSize: imageSize)
        scratch = weights.context.scratch

        let kernels = try weights.tensor(
            names.patchKernels,
            shape: [width, PatchProjection.channels, shape.patchSize, shape.patchSize]
        )
        patches = try ModelError.wrapping { () throws(KernelError) in
            try PatchProjection(
                weight: kernels.matrix,
                imageSize: imageSize,
                patchSize: shape.patchSize,
                in: weights.context
            )
        }
        let classToken = try weights.tensor(names.classToken, shape: [width])
        emptyTokens = try weights.tensor(names.vision.positions, shape: [tokensPerImage, width])
        for column in 0..<width { emptyTokens.floats[column] += classToken.floats[column] }
        inputNorm = try weights.layerNorm(names.inputNorm, width: width, epsilon: epsilon)
        encoder = try TransformerEncoder(weights, below: names.vision.blocks, shape.encoder)
        finalNorm = try weights.layerNorm(names.vision.finalNorm, width: width, epsilon: epsilon)
        projection = try weights.projection(names.vision, width: width, embedding: embeddingWidth)
    }

    /// How many images go through the network at once.
    var imagesPerPass: Int { max(1, CLIPModel.tokensPerPass / tokensPerImage) }

    /// (count, 3, imageSize, imageSize) -> (count, embeddingWidth).
    func embed(
        _ pixelValues: UnsafePointer<Float>,
        count: Int,
        into embeddings: Matrix,
        observer: StageObserver?
    ) throws(KernelError) {
        let sequences = SequenceLayout(lengths: repeatElement(tokensPerImage, count: count))
        let tokens = try scratch.matrix(rows: sequences.rows, width: width)
        let pooled = try scratch.matrix(rows: count, width: width)

        for row in sequences.firstRows {
            tokens.row(row).update(from: emptyTokens.matrix.base, count: tokensPerImage * width)
        }
        try patches(pixelValues, count: count, addingTo: tokens)  // (count x (1 + patches), width)
        observer?(.tokens, tokens)
        try inputNorm(tokens, into: tokens)
        observer?(.inputNorm, tokens)
        try encoder(
            tokens,
            sequences: sequences,
            mask: .none,
            pooledRows: sequences.firstRows,
            into: pooled,
            observer: observer
        )
        try finalNorm(pooled, into: pooled)  // (count, width)
        observer?(.features, pooled)
        try projection(pooled, into: embeddings)  // (count, width) -> (count, embeddingWidth)
        observer?(.embedding, embeddings)
    }
}
