import CLIPEngine
import CLIPTestSupport
import Foundation
import Testing

@Suite("The engine, on the tiny model", .timeLimit(.minutes(5)))
struct EmbeddingEngineTests {
    private struct Goldens: Decodable {
        struct Image: Decodable {
            let file: String
            let embedding: [Float]
        }
        struct Text: Decodable {
            let text: String
            let embedding: [Float]
        }
        let images: [Image]
        let texts: [Text]
    }

    /// An engine over a model directory that is gone afterwards.
    func withEngine(
        _ model: TinyModel = .quick,
        _ layout: TinyModel.Layout = .openCLIP,
        names: [String] = ["tiny"],
        changing change: (inout EngineConfiguration) -> Void = { _ in },
        _ body: (EmbeddingEngine) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-engine-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try model.write(to: directory, layout)
        var configuration = EngineConfiguration(
            models: names.map { ModelSource(name: $0, directory: directory) },
            cores: 2
        )
        configuration.precision = .f32  // what the goldens are, on every machine
        (configuration.textCacheBytes, configuration.imageCacheBytes) = (0, 0)  // every test asks the network
        change(&configuration)
        let engine = try EmbeddingEngine(configuration: configuration)
        defer { engine.shutdown() }
        try await engine.start()
        try await body(engine)
    }

    /// Expects that a checkpoint is refused at start with all of these words, and that nothing is kept of it.
    private func expectRefusal(
        naming words: [String],
        of write: (String) throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-engine-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try write(directory)
        let source = ModelSource(name: "tiny", directory: directory)
        let engine = try EmbeddingEngine(configuration: EngineConfiguration(models: [source], cores: 1))
        defer { engine.shutdown() }
        await #expect(sourceLocation: sourceLocation) {
            try await engine.start()
        } throws: { error in
            guard case .modelUnavailable("tiny", let cause) = error as? EmbeddingError else { return false }
            return words.allSatisfy(cause.contains)
        }
        #expect(engine.models.isEmpty && !engine.isReady, sourceLocation: sourceLocation)
    }

    func picture(_ name: String = "png-rgb.png") throws -> [UInt8] {
        try Fixture.bytes("imaging/\(name)")
    }

    // MARK: Numbers

    @Test(
        "Bytes and texts give the reference's embeddings, alone and together",
        arguments: [
            (TinyModel.quick, TinyModel.Layout.openCLIP, "engine/embeddings.json"),
            (.quick, .transformers, "engine/embeddings-transformers.json"),
            (.resNet, .openCLIP, "resnet/resnet-embeddings.json"),
        ]
    )
    func goldens(model: TinyModel, layout: TinyModel.Layout, fixture: String) async throws {
        let goldens = try Fixture.decode(Goldens.self, from: fixture)
        try await withEngine(model, layout) { engine in
            let sources = try goldens.images.map { ImageSource.encoded(try picture($0.file)) }
            let together = try await engine.embed(images: sources).embeddings
            for (index, golden) in goldens.images.enumerated() {
                let alone = try await engine.embed(images: [sources[index]]).embeddings[0]
                #expect(Closeness.relativeError(alone.values, golden.embedding) <= 1e-5, "\(golden.file)")
                #expect(
                    Closeness.relativeError(together[index].values, golden.embedding) <= 1e-5,
                    "\(golden.file)"
                )
            }
            let texts = try await engine.embed(texts: goldens.texts.map(\.text)).embeddings
            for (index, golden) in goldens.texts.enumerated() {
                let alone = try await engine.embed(texts: [golden.text]).embeddings[0]
                #expect(Closeness.relativeError(alone.values, golden.embedding) <= 1e-5, "\(golden.text)")
                #expect(
                    Closeness.relativeError(texts[index].values, golden.embedding) <= 1e-5,
                    "\(golden.text)"
                )
            }
        }
    }

    @Test("A comparison is the cosine of the embeddings, in any mix of images and texts")
    func comparison() async throws {
        try await withEngine { engine in
            let image = ImageSource.encoded(try picture())
            let other = ImageSource.base64(
                Array(Data(try picture("jpeg-baseline-420.jpg")).base64EncodedString().utf8)[...]
            )
            let items: [ComparisonItem] = [.text("a cat"), .image(other), .text("a dog"), .image(image)]
            let images = try await engine.embed(images: [image, other]).embeddings
            let texts = try await engine.embed(texts: ["a cat", "a dog"]).embeddings
            for (subject, embedding) in [
                (ComparisonItem.image(image), images[0]), (.text("a dog"), texts[1]),
            ] {
                let result = try await engine.compare(subject: subject, prompts: items)
                let expected = [texts[0], images[1], texts[1], images[0]].map {
                    embedding.cosineSimilarity(to: $0)
                }
                for (similarity, cosine) in zip(result.similarities, expected) {
                    #expect(abs(similarity - cosine) < 1e-6)
                }
                #expect(result.similarities.count == 4)
            }
        }
    }

    @Test("Many requests at once get the answers that they get alone")
    func crowd() async throws {
        try await withEngine { engine in
            let texts = (0..<40).map { "caption number \($0) " + String(repeating: "word ", count: $0 % 7) }
            var alone: [Embedding] = []
            for text in texts { alone += try await engine.embed(texts: [text]).embeddings }
            let crowd = try await withThrowingTaskGroup(of: (Int, Embedding).self) { group in
                for (index, text) in texts.enumerated() {
                    group.addTask { (index, try await engine.embed(texts: [text]).embeddings[0]) }
                }
                return try await group.reduce(into: [Int: Embedding]()) { $0[$1.0] = $1.1 }
            }
            for (index, embedding) in alone.enumerated() {
                let other = try #require(crowd[index])
                #expect(Closeness.relativeError(other.values, embedding.values) <= 1e-6)
            }
        }
    }

    // MARK: The sender's faults

    @Test("Counts outside the limits are refused with figure and limit")
    func counts() async throws {
        try await withEngine(changing: { $0.maxBatch = 2 }) { engine in
            let image = ImageSource.encoded(try picture())
            await #expect(throws: EmbeddingError.noImages) { try await engine.embed(images: []) }
            await #expect(throws: EmbeddingError.noTexts) { try await engine.embed(texts: []) }
            await #expect(throws: EmbeddingError.noPrompts) {
                try await engine.compare(subject: .text("a"), prompts: [])
            }
            await #expect(throws: EmbeddingError.tooManyImages(count: 3, limit: 2)) {
                try await engine.embed(images: [image, image, image])
            }
            await #expect(throws: EmbeddingError.tooManyPrompts(count: 3, limit: 2)) {
                try await engine.compare(subject: .text("a"), prompts: [.text("a"), .text("b"), .text("c")])
            }
            #expect(
                try await engine.embed(texts: Array(repeating: "many", count: 300)).embeddings.count == 300
            )
        }
    }

    @Test("An image above a limit is refused by its header")
    func largeImage() async throws {
        try await withEngine(changing: { $0.maxImagePixels = 16 }) { engine in
            let source = ImageSource.encoded(try picture())
            await #expect {
                try await engine.embed(images: [source])
            } throws: { error in
                guard case .image(index: 0, .tooLarge(let detail)) = error as? EmbeddingError else {
                    return false
                }
                return detail.contains("16")
            }
        }
    }

    @Test("URLs can be switched off")
    func noURLs() async throws {
        try await withEngine(changing: { $0.allowsURLs = false }) { engine in
            await #expect(throws: EmbeddingError.image(index: 0, .urlsNotAllowed)) {
                try await engine.embed(images: [.url("https://example.com/a.png")])
            }
        }
    }

    @Test("A text that is too long is refused with both figures, or cut on request")
    func longText() async throws {
        try await withEngine { engine in
            let long = Array(repeating: "word", count: 100).joined(separator: " ")
            await #expect(throws: EmbeddingError.textTooLong(index: 1, count: 102, limit: 77)) {
                try await engine.embed(texts: ["short", long])
            }
            let cut = try await engine.embed(texts: [long], truncating: true).embeddings[0]
            let whole = Array(repeating: "word", count: 75).joined(separator: " ")
            #expect(try await engine.embed(texts: [whole]).embeddings[0] == cut)
        }
    }

    @Test("A text of many kilobytes is refused before it is cleaned, and too many texts before they are read")
    func largeTexts() async throws {
        try await withEngine(changing: { $0.maxTexts = 3 }) { engine in
            let large = String(repeating: "hello ", count: 11_000)
            await #expect(throws: EmbeddingError.textTooLarge(index: 1, count: 66_000, limit: 65_536)) {
                try await engine.embed(texts: ["a", large], truncating: true)
            }
            await #expect(throws: EmbeddingError.tooManyTexts(count: 4, limit: 3)) {
                try await engine.embed(texts: ["a", "b", "c", "d"])
            }
        }
    }

    // MARK: Models

    @Test("Models are found by name, unloaded, and loaded again by the next request")
    func models() async throws {
        try await withEngine(names: ["first", "second"]) { engine in
            #expect(engine.isReady)
            #expect(engine.models.map(\.name) == ["first", "second"])
            #expect(engine.models.map(\.isDefault) == [true, false])
            await #expect(throws: EmbeddingError.unknownModel("third")) {
                try await engine.embed(texts: ["a"], model: "third")
            }
            await #expect(throws: EmbeddingError.invalidModelName("a/b")) {
                try await engine.embed(texts: ["a"], model: "a/b")
            }
            let warm = try await engine.embed(texts: ["a"])
            #expect(warm.report.model == "first" && !warm.report.wasColdStart)
            try engine.unload(model: "second")
            #expect(engine.models.map(\.name) == ["first"])
            let cold = try await engine.embed(texts: ["a"], model: "second")
            #expect(cold.report.model == "second" && cold.report.wasColdStart)
            #expect(cold.embeddings == warm.embeddings)
            engine.unloadAll()
            #expect(engine.models.isEmpty)
            try await engine.load(model: "first")
            #expect(engine.models.map(\.name) == ["first"])
        }
    }

    @Test("A model that is unloaded while requests run still answers them")
    func unloadUnderLoad() async throws {
        try await withEngine { engine in
            let count = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<60 {
                    group.addTask { try await engine.embed(texts: ["caption \(number)"]).embeddings.count }
                    if number % 10 == 5 { engine.unloadAll() }
                }
                return try await group.reduce(0, +)
            }
            #expect(count == 60)
        }
    }

    @Test("A comparison in hand keeps its model when another checkpoint takes the name")
    func exchangedCheckpoint() async throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-engine-\(UUID().uuidString)").path
        defer {
            for path in [directory, directory + "-old"] { try? FileManager.default.removeItem(atPath: path) }
        }
        try TinyModel.quick.write(to: directory)
        let source = ModelSource(name: "tiny", directory: directory)
        let engine = try EmbeddingEngine(configuration: EngineConfiguration(models: [source], cores: 2))
        defer { engine.shutdown() }
        try await engine.start()
        let picture = ComparisonItem.image(.encoded(try picture()))
        let before = try await engine.compare(subject: picture, prompts: [.text("a cat")]).similarities
        var other = TinyModel.quick
        other.embeddingWidth /= 2
        try await withThrowingTaskGroup(of: [Float].self) { group in
            for number in 0..<24 {
                group.addTask {
                    try await engine.compare(subject: picture, prompts: [.text("a cat")]).similarities
                }
                if number == 8 {
                    try other.write(to: directory + "-other")
                    try FileManager.default.moveItem(atPath: directory, toPath: directory + "-old")
                    try FileManager.default.moveItem(atPath: directory + "-other", toPath: directory)
                }
                // After the exchange only: a load would otherwise read half of each checkpoint.
                if number > 8, number % 6 == 0 { engine.unloadAll() }
            }
            for try await similarities in group { #expect(similarities.count == 1) }
        }
        engine.unloadAll()
        let after = try await engine.embed(texts: ["a cat"]).embeddings[0]
        #expect(after.values.count == other.embeddingWidth && before.count == 1)
    }

    @Test("An end-of-text that is not the vocabulary's is refused at start")
    func strangeEndOfText() async throws {
        try await expectRefusal(naming: ["token 5", "49407"]) { directory in
            try TinyModel.quick.write(to: directory, .transformers)
            let file = URL(fileURLWithPath: directory).appendingPathComponent("config.json")
            let json = try String(contentsOf: file, encoding: .utf8)
            let changed = json.replacing(/"eos_token_id": ?\d+/, with: #""eos_token_id": 5"#)
            try #require(changed != json)
            try Data(changed.utf8).write(to: file)
        }
    }

    @Test("After the end every request is refused")
    func shutdown() async throws {
        try await withEngine { engine in
            engine.shutdown()
            #expect(!engine.isReady)
            await #expect(throws: EmbeddingError.shuttingDown) { try await engine.embed(texts: ["a"]) }
        }
    }

    @Test("A checkpoint that is refused is named with the tensor, and nothing is loaded")
    func refusedCheckpoint() async throws {
        try await expectRefusal(naming: ["visual.proj"]) { directory in
            try TinyModel.quick.write(to: directory) { $0["visual.proj"] = nil }
        }
    }

    @Test("A vocabulary larger than the network's table is refused, with and without the network")
    func vocabularyMismatch() async throws {
        try await expectRefusal(naming: ["49408", "600"]) { directory in
            try TinyModel.odd.write(to: directory)
            #expect(throws: EmbeddingError.self) {
                try TokenizerSource(model: ModelSource(name: "odd", directory: directory))
            }
        }
    }

    @Test("Tokens can be looked at without a network")
    func tokenizer() throws {
        let tokenizer = try TokenizerSource()
        let ids = try tokenizer.tokens(of: "a photo of a cat")
        #expect(ids == [49406, 320, 1125, 539, 320, 2368, 49407])
        #expect(throws: EmbeddingError.textTooLong(index: 0, count: 102, limit: 77)) {
            try tokenizer.tokens(of: Array(repeating: "word", count: 100).joined(separator: " "))
        }
    }
}
