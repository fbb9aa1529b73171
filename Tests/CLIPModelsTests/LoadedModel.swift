import CLIPImaging
import CLIPKernels
import CLIPModels
import CLIPTestSupport
import CLIPWeights

/// A model and what one thread computes with, for tests that run it alone.
struct LoadedModel {
    let clip: CLIPModel
    let context: ComputeContext

    func imageEmbeddings(
        pixels: [UInt8],
        count: Int,
        observer: StageObserver? = nil
    ) throws -> [Float] {
        let width = count > 0 ? pixels.count / count : 0
        let images = (0..<count).map { pixels.row($0, width: width) }
        return try clip.imageEmbeddings(of: images, in: context, observer: observer)
    }

    func textEmbeddings(tokens: [[Int32]], observer: StageObserver? = nil) throws -> [Float] {
        try clip.textEmbeddings(of: tokens, in: context, observer: observer)
    }

    var scratchByteCount: Int { context.scratch.byteCount }

    /// What the first of several threads gets that make one pass together.
    func shared(
        by threads: Int,
        _ body: @escaping @Sendable (CLIPModel, PassShare, ComputeContext) throws -> [Float]
    ) async throws -> [Float] {
        let team = PassTeam(count: threads)
        let (clip, engine) = (clip, context.engine)
        let results = await Threads.run(threads) { index in
            Result { try body(clip, team.share(index), ComputeContext(engine: engine)) }
        }
        return try results.map { try $0.get() }[0]
    }
}

extension TinyModel {
    /// Writes the model, which `change` may have altered, and loads it as the program does.
    func load(
        _ layout: Layout = .openCLIP,
        threads: Int = 1,
        format: NumberFormat = .f32,
        copy: PackedCopy? = nil,
        leastPrefetchedBytes: Int = CLIPModel.leastPrefetchedBytes,
        changing change: (inout [String: Weight]) -> Void = { _ in },
        configuring configure: (inout ModelConfiguration) -> Void = { _ in }
    ) throws -> LoadedModel {
        try withDirectory(layout, changing: change) { path in
            let directory = try ModelDirectory(path: path)
            let json = try directory.configuration()
            var configuration =
                switch directory.layout {
                case .openCLIP: try ModelConfiguration(openCLIPConfig: json)
                case .transformers: try ModelConfiguration(transformersConfig: json)
                }
            configure(&configuration)
            let engine = try ComputeEngine()
            let clip = try CLIPModel(
                configuration: configuration,
                checkpoint: directory.weights(),
                layout: directory.layout,
                pixels: PixelTable(PreprocessingRecipe.openAI(imageSize: imageSize).byteValues),
                format: format,
                copy: copy,
                leastMappedBytes: nil,
                leastPrefetchedBytes: leastPrefetchedBytes,
                engine: engine
            )
            let context = try ComputeContext(engine: engine)
            context.threads = threads
            return LoadedModel(clip: clip, context: context)
        }
    }
}

extension Array {
    /// One row of a matrix of that width.
    func row(_ index: Int, width: Int) -> [Element] {
        Array(self[index * width..<(index + 1) * width])
    }
}
