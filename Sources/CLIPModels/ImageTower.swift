import CLIPKernels

/// The image tower of a CLIP, of either kind: pixel values in, embeddings out.
enum ImageTower {
    case transformer(VisionTransformer)
    case resNet(ModifiedResNet)

    init(
        _ weights: WeightReader,
        _ shape: ModelConfiguration.Vision,
        embeddingWidth: Int
    ) throws(ModelError) {
        switch shape.architecture {
        case .transformer(let transformer):
            self = .transformer(
                try VisionTransformer(
                    weights,
                    transformer,
                    imageSize: shape.imageSize,
                    embeddingWidth: embeddingWidth
                )
            )
        case .resNet(let resNet):
            self = .resNet(
                try ModifiedResNet(
                    weights,
                    resNet,
                    imageSize: shape.imageSize,
                    embeddingWidth: embeddingWidth
                )
            )
        }
    }

    /// How many images go through the network at once; more are done in several passes.
    var imagesPerPass: Int {
        switch self {
        case .transformer(let tower): tower.imagesPerPass
        case .resNet(let tower): tower.imagesPerPass
        }
    }

    /// (count, 3, imageSize, imageSize) -> (count, embeddingWidth).
    func embed(
        _ pixelValues: UnsafePointer<Float>,
        count: Int,
        into embeddings: Matrix,
        observer: StageObserver?
    ) throws(KernelError) {
        switch self {
        case .transformer(let tower):
            try tower.embed(pixelValues, count: count, into: embeddings, observer: observer)
        case .resNet(let tower):
            try tower.embed(pixelValues, count: count, into: embeddings, observer: observer)
        }
    }
}
