import CLIPEngine
import CLIPTestSupport
import Foundation
import Testing

@Suite("A model with one tower", .timeLimit(.minutes(5)))
struct OneTowerTests {
    private let model = TinyModel.quick
    private let text = "a photo of a cat"

    private func picture() throws -> ImageSource { .encoded(try Fixture.bytes("imaging/png-rgb.png")) }

    /// An engine over a whole model, the default one, and its two halves.
    private func withEngine(
        changing change: (inout EngineConfiguration) -> Void = { _ in },
        _ body: (EmbeddingEngine) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-halves-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let names = ["whole"] + TinyModel.Half.allCases.map(\.rawValue)
        try model.write(to: folder.appendingPathComponent("whole").path, .transformers)
        for half in TinyModel.Half.allCases {
            try model.write(half, to: folder.appendingPathComponent(half.rawValue).path)
        }
        var configuration = EngineConfiguration(
            models: names.map { ModelSource(name: $0, directory: folder.appendingPathComponent($0).path) },
            cores: 2
        )
        configuration.precision = .f32
        change(&configuration)
        let engine = try EmbeddingEngine(configuration: configuration)
        defer { engine.shutdown() }
        try await engine.start()
        try await body(engine)
    }

    @Test("The tower that is there gives the whole model's embeddings")
    func embeddings() async throws {
        try await withEngine { engine in
            let image = try picture()
            let expected = try await engine.embed(images: [image]).embeddings
            #expect(try await engine.embed(images: [image], model: "vision").embeddings == expected)
            let texts = try await engine.embed(texts: [text, "고양이"]).embeddings
            #expect(try await engine.embed(texts: [text, "고양이"], model: "text").embeddings == texts)
        }
    }

    @Test("A comparison of what the tower takes is the whole model's")
    func comparisons() async throws {
        try await withEngine { engine in
            let image = ComparisonItem.image(try picture())
            let other = ComparisonItem.image(.encoded(try Fixture.bytes("imaging/png-palette.png")))
            let images = try await engine.compare(subject: image, prompts: [image, other]).similarities
            #expect(
                try await engine.compare(subject: image, prompts: [image, other], model: "vision")
                    .similarities
                    == images
            )
            let prompts = [ComparisonItem.text(text), .text("rain")]
            let texts = try await engine.compare(subject: .text(text), prompts: prompts).similarities
            #expect(
                try await engine.compare(subject: .text(text), prompts: prompts, model: "text").similarities
                    == texts
            )
        }
    }

    @Test("What needs the other tower is refused before anything of it is looked at")
    func refusals() async throws {
        try await withEngine { engine in
            // No picture at all, and a text that has too many tokens: neither is what is told.
            let broken = ImageSource.encoded([1, 2, 3])
            let long = String(repeating: "word ", count: 200)
            let noImages = EmbeddingError.noTower(.image, model: "text")
            let noTexts = EmbeddingError.noTower(.text, model: "vision")
            await #expect(throws: noTexts) { try await engine.embed(texts: [long], model: "vision") }
            await #expect(throws: noImages) { try await engine.embed(images: [broken], model: "text") }
            let items = [ComparisonItem.image(broken), .text(long)]
            for (subject, prompt) in [(items[0], items[1]), (items[1], items[0])] {
                await #expect(throws: noTexts) {
                    try await engine.compare(subject: subject, prompts: [prompt], model: "vision")
                }
                await #expect(throws: noImages) {
                    try await engine.compare(subject: subject, prompts: [prompt], model: "text")
                }
            }
            await #expect(throws: noTexts) {
                try await engine.compare(subject: items[1], prompts: [items[1]], model: "vision")
            }
            await #expect(throws: noImages) {
                try await engine.forwardTime(of: .images(1), model: "text")
            }
            await #expect(throws: noTexts) {
                try await engine.forwardTime(of: .captions(1, tokens: 5), model: "vision")
            }
            // And lists, which have a way of their own.
            await #expect(throws: noTexts) {
                try await engine.embed(texts: Array(repeating: "a", count: 100), model: "vision")
            }
        }
    }

    @Test("Figures of a tower that is not there are nil, and its cache costs nothing")
    func figures() async throws {
        try await withEngine { engine in
            let models = Dictionary(uniqueKeysWithValues: engine.models.map { ($0.name, $0) })
            let whole = try #require(models["whole"])
            let (vision, text) = (try #require(models["vision"]), try #require(models["text"]))
            #expect(whole.towers == [.image, .text] && vision.towers == [.image] && text.towers == [.text])
            #expect(vision.imageSize == model.imageSize && vision.contextLength == nil)
            #expect(text.imageSize == nil && text.contextLength == model.contextLength)
            #expect(
                vision.embeddingWidth == model.embeddingWidth && text.embeddingWidth == model.embeddingWidth
            )
            // The temperature is neither's.
            #expect(vision.byteCount + text.byteCount + 4 == whole.byteCount)
            #expect(engine.cacheStatistics(of: "vision")?.texts == nil)
            #expect(engine.cacheStatistics(of: "vision")?.images?.limit ?? 0 > 0)
            #expect(engine.cacheStatistics(of: "text")?.images == nil)
            engine.clearCaches()
            for description in [vision, text] {
                let outline = try ModelOutline(
                    of: description.source,
                    EngineConfiguration(models: [description.source], cores: 1)
                )
                #expect(outline.towers == description.towers && outline.imageSize == description.imageSize)
                #expect(outline.contextLength == description.contextLength)
            }
        }
    }

    @Test(
        "Every precision and packed weights serve the tower that is there",
        arguments: [Precision.bf16, .int8]
    )
    func precisions(precision: Precision) async throws {
        let cache = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-packed-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: cache) }
        let enabling = { (configuration: inout EngineConfiguration) in
            configuration.precision = precision
            configuration.packedCacheDirectory = cache
            configuration.leastPackedBytes = 0
        }
        do {
            for isAgain in [false, true] {
                try await withEngine(changing: enabling) { engine in
                    let image = try picture()
                    let images = try await engine.embed(images: [image]).embeddings
                    #expect(try await engine.embed(images: [image], model: "vision").embeddings == images)
                    let texts = try await engine.embed(texts: [text]).embeddings
                    #expect(try await engine.embed(texts: [text], model: "text").embeddings == texts)
                    #expect(engine.models.map(\.isFromPackedCopy) == [isAgain, isAgain, isAgain])
                }
            }
        } catch EmbeddingError.invalidConfiguration {
            // This processor does not compute it.
        }
    }

    @Test("A tokenizer is nothing that an image tower has")
    func tokenizer() async throws {
        try await withEngine { engine in
            let models = Dictionary(uniqueKeysWithValues: engine.models.map { ($0.name, $0.source) })
            let vision = try #require(models["vision"])
            #expect(throws: EmbeddingError.noTower(.text, model: "vision")) {
                try TokenizerSource(model: vision)
            }
            #expect(try TokenizerSource(model: try #require(models["text"])).tokens(of: text).count == 7)
        }
    }

    @Test("Damaged files of the tower that is not there are nobody's business")
    func strangers() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-strangers-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let strange = [
            "vision": [
                "tokenizer_config.json": #"{"tokenizer_class": "NoneSuch"}"#, "special_tokens_map.json": "{}",
            ],
            "text": ["preprocessor_config.json": #"{"image_processor_type": "NoneSuch"}"#],
        ]
        for half in TinyModel.Half.allCases {
            let path = folder.appendingPathComponent(half.rawValue)
            try model.write(half, to: path.path)
            for (name, text) in strange[half.rawValue] ?? [:] {
                try Data(text.utf8).write(to: path.appendingPathComponent(name))
            }
            let source = ModelSource(name: half.rawValue, directory: path.path)
            let engine = try EmbeddingEngine(configuration: EngineConfiguration(models: [source], cores: 1))
            defer { engine.shutdown() }
            try await engine.start()
            #expect(engine.models[0].towers.count == 1)
        }
    }

    @Test(
        "A SigLIP's image tower needs the file that says how images are prepared, its text tower a tokenizer"
    )
    func sigLIP() async throws {
        for (name, word) in [
            ("siglip-vision", "preprocessor_config.json is not there"), ("siglip-text", "tokenizer"),
        ] {
            let golden = try FamilyGolden(name)
            let folder = FileManager.default.temporaryDirectory
                .appendingPathComponent("swift-clip-\(name)-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(golden.configuration).write(to: folder.appendingPathComponent("config.json"))
            try TinyModel.safetensors(golden.weights).write(
                to: folder.appendingPathComponent("model.safetensors")
            )
            let source = ModelSource(name: "tiny", directory: folder.path)
            func start() async throws(EmbeddingError) {
                let engine = try EmbeddingEngine(
                    configuration: EngineConfiguration(models: [source], cores: 1)
                )
                defer { engine.shutdown() }
                try await engine.start()
            }
            let error = await #expect(throws: EmbeddingError.self) { try await start() }
            #expect("\(try #require(error))".contains(word), "\(error.map { "\($0)" } ?? "")")
            guard golden.hasImages else { continue }
            let recipe =
                #"{"image_processor_type": "SiglipImageProcessor", "size": {"height": 50, "width": 50}}"#
            try Data(recipe.utf8).write(to: folder.appendingPathComponent("preprocessor_config.json"))
            try await start()
        }
    }
}
