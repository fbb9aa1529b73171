import CLIPEngine
import CLIPTestSupport
import Foundation
import Testing

extension EmbeddingEngineTests {
    /// The scores that CLIP's formula gives, with the tiny models' scale of e to the 4.
    private func softmax(_ cosines: [Float]) -> [Double] {
        let parts = cosines.map { exp(exp(4.0) * Double($0)) }
        return parts.map { $0 / parts.reduce(0, +) }
    }

    @Test(
        "Labels of images and texts are ranked by their cosines, with the model's own softmax over all of them"
    )
    func classification() async throws {
        try await withEngine { engine in
            let names = ["a cat", "a dog", "고양이", "a red bicycle", "a tree"]
            let labels = try LabelSet(names: names)
            let directions = try await engine.embed(texts: names).embeddings
            let sources = [ImageSource.encoded(try picture()), .encoded(try picture("jpeg-wide.jpg"))]
            let texts = ["two cats", "a green tree"]
            let ofImages = try await engine.classify(images: sources, among: labels)
            let ofTexts = try await engine.classify(texts: texts, among: labels)
            let items =
                try await engine.embed(images: sources).embeddings
                + engine.embed(texts: texts).embeddings
            for (item, predictions) in zip(items, ofImages.predictions + ofTexts.predictions) {
                let cosines = directions.map { item.cosineSimilarity(to: $0) }
                let scores = softmax(cosines)
                #expect(
                    predictions.map(\.label) == names.indices.sorted { cosines[$0] > cosines[$1] }
                )
                for prediction in predictions {
                    #expect(abs(prediction.similarity - cosines[prediction.label]) < 1e-6)
                    #expect(abs(Double(prediction.score) - scores[prediction.label]) < 5e-5)
                }
                #expect(abs(predictions.reduce(0) { $0 + $1.score } - 1) < 1e-6)
            }
            #expect(ofImages.scoresSumToOne && ofImages.report.model == "tiny")
            // Scores are of all labels, however few are told.
            for top in [1, 2, 5, 100] {
                let few = try await engine.classify(images: sources, among: labels, top: top)
                #expect(few.predictions == ofImages.predictions.map { Array($0.prefix(top)) })
            }
        }
    }

    @Test("A label points where its prompts do on average, as in an evaluation, to the bit")
    func labelDirections() async throws {
        try await withEngine { engine in
            let names = [["cat"], ["dog", "고양이"]]
            let prompts = ClassPrompts(names: names, templates: PromptTemplate.ensemble)
            var directions = ClassDirections(classes: 2)
            let embeddings = try await engine.embed(texts: prompts.texts).embeddings
            for (embedding, classes) in zip(embeddings, prompts.classes) {
                for place in classes { directions.add(embedding, to: place) }
            }
            let image = try await engine.embed(images: [.encoded(picture())]).embeddings[0]
            var item = EmbeddingTable()
            item.append(image)
            let labels = try LabelSet(
                [
                    LabelSet.Label("cat"),
                    LabelSet.Label(
                        "animal",
                        prompts: names[1].flatMap { name in
                            PromptTemplate.ensemble.map { $0.prompt(for: name) }
                        }
                    ),
                ],
                templates: PromptTemplate.ensemble
            )
            let found = try await engine.classify(images: [.encoded(picture())], among: labels)
            let similarities = found.predictions[0].sorted { $0.label < $1.label }.map(\.similarity)
            #expect(similarities == directions.table.cosines(to: item, 0))
        }
    }

    @Test("A label set is computed once, kept, and let go of with its model and by clearing")
    func keptLabels() async throws {
        try await withEngine(changing: { $0.textCacheBytes = 1 << 20 }) { engine in
            let labels = try LabelSet(names: (0..<100).map { "label \($0)" })
            let image = ImageSource.encoded(try picture())
            let results = try await withThrowingTaskGroup(of: [[Prediction]].self) { group in
                for _ in 0..<8 {
                    group.addTask { try await engine.classify(images: [image], among: labels).predictions }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.count == 8 && results.allSatisfy { $0 == results[0] })
            let texts = try #require(engine.cacheStatistics(of: "tiny")?.texts)
            #expect(texts.misses == 100 && texts.hits == 0 && texts.shared == 0)
            #expect(engine.keptLabelSets.count == 1 && engine.keptLabelSets.byteCount >= 100 * 32 * 4)
            engine.clearCaches()
            #expect(engine.keptLabelSets == (0, 0))
            #expect(try await engine.classify(images: [image], among: labels).predictions == results[0])
            #expect(engine.keptLabelSets.count == 1)
            try engine.unload(model: "tiny")
            #expect(engine.keptLabelSets == (0, 0))
            // The same files, loaded anew, are another load.
            #expect(try await engine.classify(images: [image], among: labels).predictions == results[0])
        }
    }

    @Test("Many labels of many texts are ranked, away from the calling thread, as few are")
    func manyLabels() async throws {
        try await withEngine(.quick, changing: { $0.maxTexts = 3_000 }) { engine in
            let names = (0..<3_000).map { "label number \($0)" }
            let labels = try LabelSet(names: names)
            let texts = (0..<90).map { names[$0 * 33] }
            let found = try await engine.classify(texts: texts, among: labels, top: 3)
            #expect(found.predictions.map { $0[0].label } == (0..<90).map { $0 * 33 })
            #expect(found.predictions.allSatisfy { $0[0].similarity > 0.9999 && $0.count == 3 })
        }
    }

    @Test("What is wrong with labels, images and texts is told before anything is computed, with its place")
    func classificationFaults() async throws {
        try await withEngine(changing: { ($0.maxTexts, $0.maxBatch) = (4, 1) }) { engine in
            let image = ImageSource.encoded(try picture())
            let labels = try LabelSet(names: ["cat", "dog"])
            await #expect(throws: EmbeddingError.noImages) {
                try await engine.classify(images: [], among: labels)
            }
            await #expect(throws: EmbeddingError.noTexts) {
                try await engine.classify(texts: [], among: labels)
            }
            await #expect(throws: EmbeddingError.tooManyImages(count: 2, limit: 1)) {
                try await engine.classify(images: [image, image], among: labels)
            }
            await #expect(throws: EmbeddingError.tooManyTexts(count: 5, limit: 4)) {
                try await engine.classify(texts: ["a", "b", "c", "d", "e"], among: labels)
            }
            let many = try LabelSet(
                names: ["cat", "dog"],
                templates: PromptTemplate.list(["{}", "a {}", "b {}"])
            )
            await #expect(throws: EmbeddingError.labels(.tooManyPrompts(count: 6, limit: 4))) {
                try await engine.classify(images: [image], among: many)
            }
            let long = String(repeating: "cat ", count: 100)
            let bad = try LabelSet([LabelSet.Label("a"), LabelSet.Label("b", prompts: ["b", long])])
            let fault = EmbeddingError.label(index: 1, .textTooLong(index: 2, count: 102, limit: 77))
            await #expect(throws: fault) { try await engine.classify(images: [image], among: bad) }
            await #expect(throws: fault) { try await engine.classify(texts: ["a"], among: bad) }
            #expect(
                try await engine.classify(images: [image], among: bad, truncating: true).predictions[0].count
                    == 2
            )
            await #expect(throws: EmbeddingError.textTooLong(index: 1, count: 102, limit: 77)) {
                try await engine.classify(texts: ["a", long], among: labels)
            }
            await #expect(throws: EmbeddingError.image(index: 0, .unknownFormat(looksLike: nil))) {
                try await engine.classify(images: [.encoded([1, 2, 3])], among: labels)
            }
            await #expect(throws: EmbeddingError.unknownModel("none")) {
                try await engine.classify(images: [image], among: labels, model: "none")
            }
        }
    }

    @Test("Labels whose prompts would be gigabytes are refused at once, and so are answers of that size")
    func giantLabels() async throws {
        try await withEngine(changing: { $0.memoryBudget = 512 << 20 }) { engine in
            let template = try PromptTemplate("{}" + String(repeating: "a", count: 60_000))
            let labels = try LabelSet(names: (0..<10_000).map { "label \($0)" }, templates: [template])
            await #expect {
                try await engine.classify(texts: ["a"], among: labels)
            } throws: { error in
                guard case .labels(.tooMuchMemory(let bytes, let limit)) = error as? EmbeddingError else {
                    return false
                }
                return bytes > 1_200_000_000 && limit < 512 << 20
            }
            await #expect {
                try await engine.classify(
                    texts: ["a"],
                    among: LabelSet(names: ["a", "b"]),
                    answerBytes: 1 << 40
                )
            } throws: { error in
                guard case .tooMuchMemory = error as? EmbeddingError else { return false }
                return true
            }
        }
    }

    @Test("A text that nobody reads is refused before the labels are embedded")
    func longTextFirst() async throws {
        try await withEngine(changing: { $0.textCacheBytes = 1 << 20 }) { engine in
            let long = String(repeating: "a", count: 65_537)
            await #expect(throws: EmbeddingError.textTooLarge(index: 1, count: 65_537, limit: 65_536)) {
                try await engine.classify(texts: ["a", long], among: LabelSet(names: ["cat", "dog"]))
            }
            #expect(engine.cacheStatistics(of: "tiny")?.texts?.misses == 0)
            #expect(engine.keptLabelSets.count == 0)
        }
    }

    @Test("How often a set of labels was known is counted")
    func labelStatistics() async throws {
        try await withEngine { engine in
            let labels = try LabelSet(names: ["cat", "dog"])
            for _ in 0..<3 { _ = try await engine.classify(texts: ["a"], among: labels) }
            let cache = engine.statistics.labelCache
            #expect((cache.hits, cache.misses, cache.shared, cache.entries) == (2, 1, 0, 1))
            #expect(cache.byteCount == engine.keptLabelSets.byteCount && cache.byteCount > 0)
        }
    }

    @Test("A family that judges each label by itself has scores that sum to what they like")
    func sigmoids() async throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-engine-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try TinyModel.quick.write(to: directory, .transformers) {
            $0["logit_bias"] = TinyModel.Weight(shape: [1], floats: [-3])
        }
        var configuration = EngineConfiguration(
            models: [ModelSource(name: "tiny", directory: directory)],
            cores: 2
        )
        configuration.precision = .f32
        let engine = try EmbeddingEngine(configuration: configuration)
        defer { engine.shutdown() }
        try await engine.start()
        let found = try await engine.classify(
            images: [.encoded(picture())],
            among: LabelSet(names: ["a cat", "a dog", "a tree"])
        )
        #expect(!found.scoresSumToOne)
        for prediction in found.predictions[0] {
            let expected = 1 / (1 + exp(3 - exp(4.0) * Double(prediction.similarity)))
            #expect(abs(Double(prediction.score) - expected) < 1e-6)
        }
    }
}
