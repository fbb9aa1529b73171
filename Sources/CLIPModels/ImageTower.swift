import CLIPKernels

/// The image tower of a CLIP, of either kind: pixels in, embeddings out.
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

    /// How many of so many images go through the network at once; the rest is done in further passes.
    func imagesPerPass(of count: Int) -> Int {
        switch self {
        case .transformer(let tower): min(count, tower.imagesPerPass)
        case .resNet(let tower): tower.imagesPerPass(of: count)
        }
    }

    /// Tokens of an image, which threads can share among them; nil for a network of convolutions.
    var tokensPerImage: Int? {
        switch self {
        case .transformer(let tower): tower.tokensPerImage
        case .resNet: nil
        }
    }

    /// Among how many threads a pass of few rows is divided by columns at most.
    var columnParts: Int {
        switch self {
        case .transformer(let tower): tower.columnParts
        case .resNet: 0
        }
    }

    /// Whether the operations of a pass are worth dividing among threads, where its rows cannot be.
    var hasLargeOperations: Bool {
        switch self {
        case .transformer: false
        case .resNet(let tower): tower.isLarge
        }
    }

    /// Images, each (imageSize, imageSize, 3) bytes -> (images, embeddingWidth).
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
