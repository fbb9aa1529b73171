import Benchmark
internal import CLIPImaging
internal import CLIPKernels
internal import CLIPModels
internal import CLIPTokenization
internal import CLIPWeights

/// Forward passes of clip-mini, on one thread.
func towers() {
    Benchmark("image-tower") { benchmark, mini in
        let image = noisyBytes(count: mini.pixelByteCount)
        try benchmark.measure { try mini.model.imageEmbeddings(of: [image], in: mini.context) }
    } setup: {
        try ClipMini()
    }
    for count in [1, 8] {
        Benchmark("text-tower-\(count)") { benchmark, mini in
            let captions = [[Int32]](repeating: mini.caption, count: count)
            try benchmark.measure { try mini.model.textEmbeddings(of: captions, in: mini.context) }
        } setup: {
            try ClipMini()
        }
    }
}

/// The model whose weights are in the repository, in f32, which every processor supports.
private struct ClipMini {
    let model: CLIPModel
    let context: ComputeContext
    /// The bytes of one image's pixels.
    let pixelByteCount: Int
    /// The token ids of a caption.
    let caption: [Int32]

    init() throws {
        let directory = try ModelDirectory(path: Samples.clipMini)
        let engine = try ComputeEngine()
        let shape = try ModelConfiguration(openCLIPConfig: directory.configuration())
        guard let vision = shape.vision, let text = shape.text else {
            throw ModelError.missingSetting(key: "text_cfg")
        }
        pixelByteCount = vision.pixelByteCount
        model = try CLIPModel(
            configuration: shape,
            checkpoint: directory.weights(),
            layout: directory.layout,
            pixels: PixelTable(PreprocessingRecipe.openAI(imageSize: 64).byteValues),
            engine: engine
        )
        context = try ComputeContext(engine: engine)
        let vocabulary = try Vocabulary(directory: Samples.clipMini)
        caption = try CaptionTokenizer(
            vocabulary: vocabulary,
            contextLength: text.contextLength
        ).tokens(for: Samples.caption).ids
    }
}
