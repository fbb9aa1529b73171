import CLIPKernels
import CLIPModels
import CLIPTestSupport
import Testing

@Suite("The network against the reference implementations")
struct GoldenTests {
    /// Every tiny model in every layout that it is stored in.
    static let stored = [TinyModel.quick, .odd, .resNet].flatMap { model in
        model.layouts.map { (model, $0) }
    }

    @Test("Swift and Python write the same weights", arguments: stored)
    func sameWeights(model: TinyModel, layout: TinyModel.Layout) throws {
        let checksum = Golden.checksum(TinyModel.safetensors(model.weights(layout)))
        #expect(try Golden(model).checksums[layout.rawValue] == checksum)
    }

    @Test("Every stage of both towers equals open_clip's", arguments: stored)
    func stages(model: TinyModel, layout: TinyModel.Layout) throws {
        let golden = try Golden(model)
        let clip = try model.load(layout)
        for tower in ["vision", "text"] {
            var seen: [String: [Float]] = [:]
            let observer: StageObserver = { stage, matrix in seen[stage.name] = matrix.floats() }
            if tower == "vision" {
                let pixels = model.pixels(count: golden.images)
                _ = try clip.imageEmbeddings(pixels: pixels, count: golden.images, observer: observer)
            } else {
                _ = try clip.textEmbeddings(tokens: golden.captions, observer: observer)
            }
            let stages = golden.stages.filter { $0.tower == tower && !$0.stage.hasPrefix("transformers") }
            #expect(seen.count == stages.count, "\(tower): other stages than the golden's")
            for stage in stages {
                let error = Closeness.relativeError(
                    seen[stage.stage] ?? [],
                    golden.values(tower, stage.stage)
                )
                #expect(error < 2e-6, "\(tower), stage \(stage.stage)")
                guard error < 2e-6 else { break }  // what follows a wrong stage is wrong, too
            }
        }
    }

    @Test(
        "Embeddings equal those of transformers",
        arguments: [TinyModel.quick, .odd],
        TinyModel.Layout.allCases
    )
    func transformers(model: TinyModel, layout: TinyModel.Layout) throws {
        let golden = try Golden(model)
        let clip = try model.load(layout)
        let images = try clip.imageEmbeddings(
            pixels: model.pixels(count: golden.images),
            count: golden.images
        )
        let texts = try clip.textEmbeddings(tokens: golden.captions)
        let width = model.embeddingWidth
        let expectedImages = golden.values("vision", "transformers embedding")
        let expectedTexts = golden.values("text", "transformers embedding")
        #expect(Closeness.worstRowError(images, expectedImages, width: width) < 2e-6)
        #expect(Closeness.worstRowError(texts, expectedTexts, width: width) < 2e-6)
    }
}

extension Stage {
    /// The name of the stage in the goldens.
    fileprivate var name: String {
        switch self {
        case .tokens: "tokens"
        case .inputNorm: "inputNorm"
        case .stem: "stem"
        case .block(let index): "block \(index)"
        case .features: "features"
        case .embedding: "embedding"
        }
    }
}
