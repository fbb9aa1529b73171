import CLIPKernels

/// The image tower of a CLIP, of either kind, which turns pixels into embeddings.
enum ImageTower: Sendable {
    case transformer(VisionTransformer)
    case resNet(ModifiedResNet)

    init(
        _ weights: WeightReader,
        _ shape: ModelConfiguration.Vision,
        pixels: PixelTable,
        embeddingWidth: Int
    ) throws(ModelError) {
        switch shape.architecture {
        case .transformer(let transformer):
            self = .transformer(
                try VisionTransformer(
                    weights,
                    transformer,
                    pixels: pixels,
                    imageSize: shape.imageSize,
                    embeddingWidth: embeddingWidth
                )
            )
        case .resNet(let resNet):
            self = .resNet(
                try ModifiedResNet(
                    weights,
                    resNet,
                    pixels: pixels,
                    imageSize: shape.imageSize,
                    embeddingWidth: embeddingWidth
                )
            )
        }
    }

    /// How many of `count` images go through the network at once; the rest follow in further passes.
    func imagesPerPass(of count: Int) -> Int {
        switch self {
        case .transformer(let tower): min(count, tower.imagesPerPass)
        case .resNet(let tower): tower.imagesPerPass(of: count)
        }
    }

    /// The tokens of an image, which threads can share; nil for a network of convolutions.
    var tokensPerImage: Int? {
        switch self {
        case .transformer(let tower): tower.tokensPerImage
        case .resNet: nil
        }
    }

    /// The most threads among which a pass of few rows is divided by columns.
    var columnParts: Int {
        switch self {
        case .transformer(let tower): tower.columnParts
        case .resNet: 0
        }
    }

    /// Whether threads should share the operations of a pass, because its rows cannot be shared.
    var hasLargeOperations: Bool {
        switch self {
        case .transformer: false
        case .resNet(let tower): tower.isLarge
        }
    }

    /// Turns images, each (imageSize, imageSize, 3) bytes, into (images, embeddingWidth).
    func embed(
        _ images: [UnsafePointer<UInt8>],
        into embeddings: Matrix,
        share: PassShare,
        observer: StageObserver?,
        in context: ComputeContext
    ) throws(KernelError) {
        switch self {
        case .transformer(let tower):
            try tower.embed(images, into: embeddings, share: share, observer: observer, in: context)
        case .resNet(let tower):
            try tower.embed(images, into: embeddings, observer: observer, in: context)
        }
    }
}
