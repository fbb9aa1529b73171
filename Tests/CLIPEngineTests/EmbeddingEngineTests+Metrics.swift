import CLIPEngine
import CLIPTestSupport
import MetricsTestKit
import Testing

extension EmbeddingEngineTests {
    /// An engine with caches that tells a backend which remembers all that it is told.
    private func withMetrics(
        changing change: (inout EngineConfiguration) -> Void = { _ in },
        _ body: (EmbeddingEngine, Told) async throws -> Void
    ) async throws {
        let backend = TestMetrics()
        try await withEngine {
            $0.metrics = backend
            ($0.textCacheBytes, $0.imageCacheBytes) = (1 << 20, 1 << 20)
            change(&$0)
        } _: { engine in
            try await body(engine, Told(backend: backend))
        }
    }

    private struct Told: Sendable {
        let backend: TestMetrics

        func stage(_ name: String) throws -> [Int64] {
            try backend.expectTimer("clip_stage_duration_seconds", [("stage", name)]).values
        }

        func count(_ name: String, _ label: String, _ value: String) throws -> Int64 {
            try backend.expectCounter(name, [(label, value)]).totalValue
        }
    }

    @Test("A backend is told of a text's stages, its batch and its cache; a second time of no network")
    func metricsOfTexts() async throws {
        try await withMetrics { engine, told in
            let first = try await engine.embed(texts: ["a cat", "a cat", "a dog"])
            #expect(try told.stage("tokenize") == [first.report.timings.tokenize.nanoseconds])
            #expect(try told.stage("forward") == [first.report.timings.forward.nanoseconds])
            #expect(try told.stage("decode").isEmpty && told.stage("fetch").isEmpty)
            let batches = try told.backend.expectRecorder("clip_batch_items", [("tower", "text")]).values
            #expect(batches.reduce(0, +) == 2 && batches.allSatisfy { $0 >= 1 })
            _ = try await engine.embed(texts: ["a cat", "a fish"])
            #expect(try told.count("clip_cache_hits_total", "tower", "text") == 1)
            #expect(try told.count("clip_cache_misses_total", "tower", "text") == 3)
            #expect(try told.count("clip_cache_shared_total", "tower", "text") == 1)
            _ = try await engine.embed(texts: ["a cat"])
            #expect(try told.stage("tokenize").count == 3)
            #expect(try told.stage("forward").count == 2)
            #expect(try told.count("clip_model_loads_total", "outcome", "loaded") == 1)
            #expect(try told.backend.expectTimer("clip_model_load_duration_seconds").values.count == 1)
        }
    }

    @Test("A picture's decode is told, and a known picture counts as found")
    func metricsOfImages() async throws {
        try await withMetrics { engine, told in
            let image = ImageSource.encoded(try picture())
            _ = try await engine.embed(images: [image])
            _ = try await engine.embed(images: [image])
            #expect(try told.stage("decode").count == 2)
            #expect(try told.stage("forward").count == 1)
            #expect(try told.count("clip_cache_hits_total", "tower", "image") == 1)
            #expect(try told.count("clip_cache_misses_total", "tower", "image") == 1)
            #expect(try told.backend.expectRecorder("clip_batch_items", [("tower", "image")]).values == [1])
        }
    }

    @Test("A classification tells of its labels' stages with its own")
    func metricsOfClassification() async throws {
        try await withMetrics { engine, told in
            let labels = try LabelSet(names: ["a cat", "a dog"])
            let result = try await engine.classify(texts: ["a fish"], among: labels)
            #expect(try told.stage("tokenize") == [result.report.timings.tokenize.nanoseconds])
            #expect(try told.stage("forward") == [result.report.timings.forward.nanoseconds])
            _ = try await engine.classify(texts: ["a fish"], among: labels)
            #expect(try told.stage("tokenize").count == 2 && told.stage("forward").count == 1)
        }
    }

    @Test("What a backend is told equals what the caches count, with many who ask at once")
    func metricsOfCrowd() async throws {
        try await withMetrics { engine, told in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask { _ = try? await engine.embed(texts: ["text \(number % 40)"]) }
                }
            }
            let cache = try #require(engine.cacheStatistics(of: engine.defaultModel)?.texts)
            #expect(cache.hits + cache.misses + cache.shared >= 200 && cache.misses >= 40)
            #expect(try told.count("clip_cache_hits_total", "tower", "text") == cache.hits)
            #expect(try told.count("clip_cache_misses_total", "tower", "text") == cache.misses)
            #expect(try told.count("clip_cache_shared_total", "tower", "text") == cache.shared)
            #expect(try told.stage("tokenize").count == 200)
        }
    }

    @Test("Who is turned away is counted by the reason, and a model that leaves by why")
    func metricsOfRejections() async throws {
        try await withMetrics { engine, told in
            let gate = AdmissionGate(places: 1, cores: 1, metrics: EngineMetrics(told.backend))
            try await gate.enter(AdmissionPlan.Demand(items: 1))
            await #expect(throws: EmbeddingError.self) {
                try await gate.enter(AdmissionPlan.Demand(items: 1))
            }
            #expect(try told.count("clip_rejected_total", "reason", "overloaded") == 1)
            let (limit, terms) = (engine.budget.limit, RequestTerms())
            await #expect(throws: EmbeddingError.self) {
                try await engine.roomForAnswer(ofBytes: limit + 1, terms: terms)
            }
            #expect(try told.count("clip_rejected_total", "reason", "memory") == 1)
            try engine.unload(model: engine.defaultModel)
            #expect(try told.count("clip_model_unloads_total", "reason", "asked") == 1)
            engine.shutdown()
            await #expect(throws: EmbeddingError.shuttingDown) { try await engine.embed(texts: ["a"]) }
            #expect(try told.count("clip_rejected_total", "reason", "shutting_down") == 1)
        }
    }

    @Test("What an engine holds can be asked for, with a backend or without")
    func statistics() async throws {
        try await withEngine {
            $0.memoryBudget = 100_000_000
            $0.textCacheBytes = 1 << 20
        } _: { engine in
            _ = try await engine.embed(texts: ["a cat"])
            let room = try #require(engine.budget.reserveNow(1000, for: .decoding))
            let statistics = engine.statistics
            #expect(statistics.bytesByPurpose[.decoding] == 1000 && statistics.bytesByPurpose[.input] == 0)
            #expect(statistics.byteLimit == 100_000_000 && statistics.itemsInHand == 0)
            #expect(statistics.itemLimit == 1024 && statistics.waitingLists == 0)
            let model = try #require(statistics.models.first)
            #expect(statistics.models.count == 1 && model.name == "tiny" && model.byteCount > 0)
            #expect(model.textCache?.entries == 1 && model.waitingTexts == 0 && model.waitingImages == 0)
            #expect(statistics.modelBytes == model.byteCount && statistics.modelByteLimit == nil)
            room.release()
            #expect(engine.statistics.bytesByPurpose[.decoding] == 0)
        }
    }

    @Test("What waits for a pass is counted by its lane")
    func waitingByLane() {
        var plan = BatchPlanner<Int>(limits: BatchLimits())
        let items = (0..<5).map { BatchPlanner<Int>.Item(request: 1, index: $0, payload: $0, weight: 1) }
        plan.append(items, to: .images)
        plan.append(Array(items.prefix(2)), to: .texts, isOfList: true)
        #expect(plan.waiting(in: .images) == 5 && plan.waiting(in: .texts) == 2)
        plan.remove(request: 1)
        #expect(plan.waiting(in: .images) == 0 && plan.waiting(in: .texts) == 0)
    }
}
