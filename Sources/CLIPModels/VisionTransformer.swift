import CLIPKernels

/// The image tower that is a vision transformer, which turns pixels into embeddings.
///
/// The references are `VisionTransformer` of open_clip 3.3.0 (`open_clip/transformer.py`) and, for networks that
/// open_clip takes from timm, `VisionTransformer` and `Eva` of timm 1.0.31.
struct VisionTransformer: Sendable {
    /// How the tokens after the last block become features.
    private enum Pool: Sendable {
        case classToken
        case mean(normalisedFirst: LayerNorm?)
        case latent(LayerNorm, LatentPool)
    }

    private let width: Int
    /// The number of tokens of an image.
    let tokensPerImage: Int
    /// The number of tokens before the patches.
    private let leading: Int
    private let patches: PatchProjection
    /// The value of each token before its patch is added, (tokens, width).
    ///
    /// If there is a class token, it is row 0, with its position.
    private let emptyTokens: Tensor
    private let inputNorm: LayerNorm?
    private let encoder: TransformerEncoder
    private let pool: Pool
    private let head: EmbeddingHead

    init(
        _ weights: WeightReader,
        _ shape: ModelConfiguration.PatchTransformer,
        pixels: PixelTable,
        imageSize: Int,
        embeddingWidth: Int
    ) throws(ModelError) {
        let (names, tower) = (weights.names.patches, weights.names.vision)
        let (width, epsilon) = (shape.encoder.width, shape.encoder.layerNormEpsilon)
        self.width = width
        tokensPerImage = shape.tokens(imageSize: imageSize)
        leading = shape.hasClassToken ? 1 : 0
        patches = try Self.patches(weights, shape, pixels: pixels, imageSize: imageSize)
        emptyTokens = try Self.emptyTokens(weights, shape, imageSize: imageSize)
        inputNorm =
            shape.hasInputNorm ? try weights.layerNorm(names.inputNorm, width: width, epsilon: epsilon) : nil
        let rotation = try shape.rotation.map { (rotation) throws(ModelError) in
            try ModelError.wrapping { () throws(KernelError) in
                try RotaryPositions(
                    grid: imageSize / shape.patchSize,
                    leading: shape.hasClassToken ? 1 : 0,
                    headWidth: width / shape.encoder.heads,
                    offset: rotation.offset,
                    temperature: rotation.temperature
                )
            }
        }
        encoder = try TransformerEncoder(
            weights,
            tower,
            shape.encoder,
            pools: shape.pooling == .classToken,
            rotation: rotation
        )
        var normalises = true
        switch shape.pooling {
        case .classToken: pool = .classToken
        case .mean(normalisesFirst: false): pool = .mean(normalisedFirst: nil)
        case .mean(normalisesFirst: true):
            pool = .mean(
                normalisedFirst: try weights.layerNorm(tower.finalNorm, width: width, epsilon: epsilon)
            )
            normalises = false
        case .latent(let pooling):
            guard let names = names.pool else {
                throw .unsupportedSetting(key: "pooling", value: "attention of a learned query")
            }
            pool = .latent(
                try weights.layerNorm(tower.finalNorm, width: width, epsilon: epsilon),
                try LatentPool(weights.exact, names, pooling, width: width, epsilon: epsilon)
            )
            normalises = false
        }
        head = try EmbeddingHead(
            weights,
            tower,
            shape.projection,
            width: width,
            epsilon: epsilon,
            embeddingWidth: embeddingWidth,
            normalises: normalises
        )
    }

    private static func patches(
        _ weights: WeightReader,
        _ shape: ModelConfiguration.PatchTransformer,
        pixels: PixelTable,
        imageSize: Int
    ) throws(ModelError) -> PatchProjection {
        let kernels = try weights.tensor(
            weights.names.patches.kernels.weight,
            shape: [shape.encoder.width, PixelTable.channels, shape.patchSize, shape.patchSize]
        )
        return try ModelError.wrapping { () throws(KernelError) in
            try PatchProjection(
                weight: kernels.matrix,
                imageSize: imageSize,
                patchSize: shape.patchSize,
                leading: shape.hasClassToken ? 1 : 0,
                pixels: pixels,
                format: weights.format,
                in: weights.context
            )
        }
    }

    /// The positions, with the class token and the bias of the patches if these exist.
    private static func emptyTokens(
        _ weights: WeightReader,
        _ shape: ModelConfiguration.PatchTransformer,
        imageSize: Int
    ) throws(ModelError) -> Tensor {
        let names = weights.names.patches
        let width = shape.encoder.width
        let tokens = try weights.tensor(
            weights.names.vision.positions,
            shape: [shape.tokens(imageSize: imageSize), width],
            leading: names.leadingDimensions
        )
        if shape.hasClassToken {
            let token = try weights.tensor(
                names.classToken,
                shape: names.leadingDimensions == 0 ? [width] : [1, width],
                leading: names.leadingDimensions
            )
            for column in 0..<width { tokens.floats[column] += token.floats[column] }
        }
        if shape.hasPatchBias {
            let bias = try weights.tensor(names.kernels.bias, shape: [width])
            for row in (shape.hasClassToken ? 1 : 0)..<tokens.rows {
                for column in 0..<width { tokens.floats[row * width + column] += bias.floats[column] }
            }
        }
        return tokens
    }

    /// How many images go through the network at once.
    var imagesPerPass: Int { max(1, CLIPModel.tokensPerPass / tokensPerImage) }

    /// The most threads among which a pass of few rows is divided by columns; 0 if it cannot be.
    var columnParts: Int { encoder.division?.parts ?? 0 }

    /// Turns images, each (imageSize, imageSize, 3) bytes, into (images, embeddingWidth); a share fills only its own
    /// rows.
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
        if let inputNorm {
            inputNorm(tokens, into: tokens)
            observer?(.inputNorm, tokens)
        }
        try encoder(tokens, of: pass, mask: .none, into: pooled, observer: observer, in: context)
        switch pool {
        case .classToken: break
        case .mean(let norm):
            norm?(tokens, into: tokens)
            try average(tokens, of: pass, into: pooled, in: context)
        case .latent(let norm, let pool):
            norm(tokens, into: tokens)
            try pool(tokens, of: pass, into: pooled, in: context)
        }
        try head(pooled, into: embeddings.rows(pass.members), observer: observer, in: context)
    }

    /// The means of the patches: this thread's own (rows, width) become (members, width).
    private func average(
        _ tokens: Matrix,
        of pass: TransformerPass,
        into pooled: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        let all = try pass.share.matrix(rows: pass.allRows, width: width, in: context)
        tokens.copy(into: all.rows(pass.rows))
        try pass.share.meet()
        for (index, member) in pass.members.enumerated() {
            let mean = pooled.row(index)
            let rows = pass.sequences.rows(of: member).dropFirst(leading)
            mean.update(repeating: 0, count: width)
            for row in rows {
                let token = all.row(row)
                for column in 0..<width { mean[column] += token[column] }
            }
            for column in 0..<width { mean[column] /= Float(rows.count) }
        }
    }
}
