import CLIPKernels

/// The image tower: pixels in, embeddings out.
///
/// The reference is `VisionTransformer` of open_clip 3.3.0 (`open_clip/transformer.py`).
struct VisionTransformer: Sendable {
    private let width: Int
    /// Tokens of an image.
    let tokensPerImage: Int
    private let patches: PatchProjection
    /// (1 + patches, width): what a token is before its patch is added.
    ///
    /// Row 0 is the class token with its position.
    private let emptyTokens: Tensor
    private let inputNorm: LayerNorm
    private let encoder: TransformerEncoder
    private let head: EmbeddingHead

    init(
        _ weights: WeightReader,
        _ shape: ModelConfiguration.PatchTransformer,
        pixels: PixelTable,
        imageSize: Int,
        embeddingWidth: Int
    ) throws(ModelError) {
        let names = weights.names
        let (width, epsilon) = (shape.encoder.width, shape.encoder.layerNormEpsilon)
        self.width = width
        tokensPerImage = shape.tokens(imageSize: imageSize)

        let kernels = try weights.tensor(
            names.patchKernels,
            shape: [width, PixelTable.channels, shape.patchSize, shape.patchSize]
        )
        patches = try ModelError.wrapping { () throws(KernelError) in
            try PatchProjection(
                weight: kernels.matrix,
                imageSize: imageSize,
                patchSize: shape.patchSize,
                pixels: pixels,
                format: weights.format,
                in: weights.context
            )
        }
        let classToken = try weights.tensor(names.classToken, shape: [width])
        emptyTokens = try weights.tensor(names.vision.positions, shape: [tokensPerImage, width])
        for column in 0..<width { emptyTokens.floats[column] += classToken.floats[column] }
        inputNorm = try weights.layerNorm(names.inputNorm, width: width, epsilon: epsilon)
        encoder = try TransformerEncoder(weights, below: names.vision.blocks, shape.encoder)
        head = try EmbeddingHead(
            weights,
            names.vision,
            width: width,
            epsilon: epsilon,
            embeddingWidth: embeddingWidth
        )
    }

    /// How many images go through the network at once.
    var imagesPerPass: Int { max(1, CLIPModel.tokensPerPass / tokensPerImage) }

    /// Among how many threads a pass of few rows is divided by columns at most.
    var columnParts: Int { encoder.division?.parts ?? 0 }

    /// Images, each (imageSize, imageSize, 3) bytes -> (images, embeddingWidth), of which a share fills its own rows.
    func embed(
        _ images: [UnsafePointer<UInt8>],
        into embeddings: Matrix,
        share: PassShare,
        observer: StageObserver?,
        in context: ComputeContext
    ) throws(KernelError) {
        let sequences = SequenceLayout(lengths: repeatElement(tokensPerImage, count: images.count))
        let pass = TransformerPass(
            sequences,
            pooledRows: sequences.firstRows,
            share: share,
            division: encoder.division,
            isFilled: false
        )
        let tokens = try context.scratch.matrix(rows: pass.rows.count, width: width)
        let pooled = try context.scratch.matrix(rows: pass.members.count, width: width)

        for (index, row) in pass.rows.enumerated() {
            tokens.row(index).update(from: emptyTokens.matrix.row(row % tokensPerImage), count: width)
        }
        try patches(images, rows: pass.rows, addingTo: tokens, in: context)  // (rows, width)
        observer?(.tokens, tokens)
        inputNorm(tokens, into: tokens)
        observer?(.inputNorm, tokens)
        try encoder(tokens, of: pass, mask: .none, into: pooled, observer: observer, in: context)
        try head(pooled, into: embeddings.rows(pass.members), observer: observer, in: context)
    }
}
