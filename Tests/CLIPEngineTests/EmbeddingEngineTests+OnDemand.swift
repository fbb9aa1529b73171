import CLIPEngine
import CLIPTestSupport
import Testing

/// Models that are not configured, and come when a request names them.
extension EmbeddingEngineTests {
    /// An engine that has the model `tiny`, and is given others by the stand-in.
    func withProvider(
        _ names: [String] = ["a", "b", "c"],
        changing change: (inout EngineConfiguration) -> Void = { _ in },
        _ body: (EmbeddingEngine, StandInProvider) async throws -> Void
    ) async throws {
        let provider = try StandInProvider(names)
        try await withEngine(changing: { configuration in
            provider.fill(&configuration)
            change(&configuration)
        }) { engine in
            defer { provider.release() }
            try await body(engine, provider)
        }
    }

    @Test(
        "Many who name a model first share one load, others are served meanwhile, and who leaves ends it for nobody"
    )
    func sharedLoad() async throws {
        try await withProvider { engine, provider in
            let expected = try await engine.embed(texts: ["a cat"]).embeddings
            provider.hold()
            // The one whose request begins the load is the one who leaves.
            let first = Task { try await engine.embed(texts: ["a cat"], model: "a") }
            try await eventually { engine.requestsWaitingForModels == 1 && provider.asked == ["a"] }
            let others = (0..<20).map { _ in Task { try await engine.embed(texts: ["a cat"], model: "a") } }
            try await eventually { engine.requestsWaitingForModels == 21 }
            first.cancel()
            await #expect(throws: EmbeddingError.cancelled) { try await first.value }
            #expect(try await engine.embed(texts: ["a cat"]).embeddings == expected)
            #expect(engine.models.map(\.name) == ["tiny"])
            #expect(engine.catalogue.map(\.state) == [.loaded, .loading, .known, .known])
            provider.release()
            for other in others {
                let result = try await other.value
                #expect(result.report.model == "a" && result.embeddings == expected)
                #expect(!result.report.wasColdStart, "It was another's load.")
            }
            #expect(provider.asked == ["a"])
            #expect(engine.models.map(\.name) == ["tiny", "a"])
            #expect(engine.models[1].source.origin?.revision == "0123")
            #expect(engine.catalogue.map(\.state) == [.loaded, .loaded, .known, .known])
            guard case .loaded(let last)? = provider.events.last else { return _ = Issue.record() }
            #expect(last.name == "a")
        }
    }

    @Test("The request that causes a load is told how long it took, and the next one is not")
    func coldStart() async throws {
        try await withProvider { engine, provider in
            let cold = try await engine.embed(texts: ["a cat"], model: "b")
            #expect(cold.report.wasColdStart && provider.asked == ["b"])
            #expect(engine.models[1].loadTime <= cold.report.loadTime ?? .zero)
            let warm = try await engine.embed(texts: ["a cat"], model: "b")
            #expect(!warm.report.wasColdStart)
            try engine.unload(model: "b")
            #expect(engine.models.map(\.name) == ["tiny"])
            let again = try await engine.embed(texts: ["a cat"], model: "b")
            #expect(again.report.wasColdStart && again.embeddings == cold.embeddings)
        }
    }

    @Test("A failure is told to others for ten seconds without another try, and poisons nothing")
    func failureThenSuccess() async throws {
        try await withProvider { engine, provider in
            let fault = EmbeddingError.modelNotFetched(name: "a", cause: "The host is gone.")
            provider.fail(with: fault)
            provider.hold()
            let waiting = (0..<5).map { _ in Task { try await engine.embed(texts: ["a"], model: "a") } }
            try await eventually { engine.requestsWaitingForModels == 5 }
            provider.release()
            for task in waiting { await #expect(throws: fault) { try await task.value } }
            for _ in 0..<100 {
                await #expect(throws: EmbeddingError.heldOff(fault, retryAfterSeconds: 10)) {
                    try await engine.embed(texts: ["a"], model: "a")
                }
            }
            #expect(provider.asked == ["a"] && provider.events.last == .failed(name: "a", fault))
            provider.fail(with: nil)
            #expect(try await engine.embed(texts: ["a"], model: "b").embeddings.isEmpty == false)
            #expect(provider.asked == ["a", "b"])
        }
    }

    @Test("After that time it is tried anew, and whoever loads it by hand need not wait for that")
    func secondTry() async throws {
        try await withProvider { engine, provider in
            let fault = EmbeddingError.modelNotFetched(name: "a", cause: "The host is gone.")
            provider.fail(with: fault)
            await #expect(throws: fault) { try await engine.embed(texts: ["a"], model: "a") }
            await #expect(throws: fault) { try await engine.load(model: "a", triesAnew: true) }
            provider.fail(with: nil)
            provider.pass(.seconds(9))
            await #expect(throws: EmbeddingError.heldOff(fault, retryAfterSeconds: 1)) {
                try await engine.embed(texts: ["a"], model: "a")
            }
            provider.pass(.seconds(1))
            let cold = try await engine.embed(texts: ["a"], model: "a")
            #expect(cold.report.wasColdStart)
            #expect(provider.asked == ["a", "a", "a"])
        }
    }

    @Test("A checkpoint that is brought and turns out to be none is refused, and the others answer")
    func brokenCheckpoint() async throws {
        try await withProvider { engine, provider in
            try TinyModel.quick.write(to: provider.directory) { $0["visual.proj"] = nil }
            await #expect {
                try await engine.embed(texts: ["a"], model: "a")
            } throws: { error in
                guard case .modelUnavailable("a", let cause) = error as? EmbeddingError else { return false }
                return cause.contains("visual.proj")
            }
            #expect(
                engine.models.map(\.name) == ["tiny"] && engine.modelMemory.used == engine.models[0].byteCount
            )
            try TinyModel.quick.write(to: provider.directory)
            provider.pass(.seconds(10))
            #expect(try await engine.embed(texts: ["a"], model: "a").embeddings.count == 1)
        }
    }

    @Test("Who waits too long is told to come again, and then finds the model there")
    func boundedWait() async throws {
        try await withProvider(changing: { $0.loadTimeLimit = .milliseconds(20) }) { engine, provider in
            provider.hold()
            for _ in 0..<2 {
                await #expect(throws: EmbeddingError.modelLoading(name: "a", retryAfterSeconds: 5)) {
                    try await engine.embed(texts: ["a"], model: "a")
                }
            }
            #expect(engine.requestsWaitingForModels == 0)
            provider.release()
            try await eventually { engine.models.count == 2 }
            let warm = try await engine.embed(texts: ["a"], model: "a")
            #expect(!warm.report.wasColdStart)
            #expect(provider.asked == ["a"])
        }
    }

    @Test("Those who wait for a model hold no more than a quarter of the memory for requests")
    func boundedCrowd() async throws {
        try await withProvider(changing: { $0.memoryBudget = 100_000_000 }) { engine, provider in
            provider.hold()
            let terms = RequestTerms(heldBytes: 15_000_000)
            let first = Task { try await engine.embed(texts: ["a"], model: "a", terms: terms) }
            try await eventually { engine.requestsWaitingForModels == 1 }
            await #expect(throws: EmbeddingError.modelLoading(name: "a", retryAfterSeconds: 5)) {
                try await engine.embed(texts: ["a"], model: "a", terms: terms)
            }
            let small = Task {
                try await engine.embed(texts: ["a"], model: "a", terms: RequestTerms(heldBytes: 10_000_000))
            }
            try await eventually { engine.requestsWaitingForModels == 2 }
            provider.release()
            #expect(try await first.value.embeddings.count == 1)
            #expect(try await small.value.embeddings.count == 1)
        }
    }

    @Test(
        "What is not allowed is unknown, and nobody is asked for it",
        arguments: [
            ("d", AllowedModels.known), ("d", .matching(["*"])),
            ("..", .matching(["*"])), (".", .known), (String(repeating: "a", count: 128), .matching(["*"])),
        ]
    )
    func notAllowed(name: String, allowed: AllowedModels) async throws {
        try await withProvider(changing: { $0.allowedModels = allowed }) { engine, provider in
            await #expect(throws: EmbeddingError.unknownModel(name)) {
                try await engine.embed(texts: ["a"], model: name)
            }
            #expect(provider.asked == [])
        }
    }

    @Test(
        "Names that can never be right are refused as such, whatever is allowed",
        arguments: [
            "", "../a", "a/../b", "own/..", "/own/a", "own//a", "own/a/b", "a b", "a\u{0}", "가", "a%2fb",
            "own/a@main",
            "a\nb", String(repeating: "a", count: 129), String(repeating: "a", count: 100_000), "ａ",
        ]
    )
    func hostileNames(name: String) async throws {
        try await withProvider(changing: { $0.allowedModels = .matching(["*", "*/*"]) }) { engine, provider in
            await #expect(throws: EmbeddingError.invalidModelName(name)) {
                try await engine.embed(texts: ["a"], model: name)
            }
            await #expect(throws: EmbeddingError.invalidModelName(name)) {
                try await engine.load(model: name, triesAnew: true)
            }
            #expect(provider.asked == [])
        }
    }

    @Test(
        "What could be had and is not allowed is told apart from what is unknown, and nobody is asked for it",
        arguments: [
            ("b", AllowedModels.matching(["a", "own/*c"])), ("b", .none), ("own/b", .known),
            ("own/d", .matching(["own/c"])), ("own/b", .none),
        ]
    )
    func knownButNotAllowed(name: String, allowed: AllowedModels) async throws {
        try await withProvider(changing: { $0.allowedModels = allowed }) { engine, provider in
            await #expect(throws: EmbeddingError.modelNotAllowed(name)) {
                try await engine.embed(texts: ["a"], model: name)
            }
            #expect(provider.asked == [])
        }
    }

    @Test("A configured model is also found by the repository that it comes from")
    func origin() async throws {
        let origin = ModelOrigin(repository: "own/tiny-model", revision: "0123")
        try await withProvider(changing: { configuration in
            let model = configuration.models[0]
            configuration.models[0] = ModelSource(
                name: model.name,
                directory: model.directory,
                origin: origin
            )
        }) { engine, provider in
            let result = try await engine.embed(texts: ["a"], model: "own/tiny-model")
            #expect(result.report.model == "tiny" && !result.report.wasColdStart)
            try engine.unload(model: "own/tiny-model")
            #expect(engine.models.isEmpty)
            try await engine.load(model: "own/tiny-model")
            #expect(engine.models.map(\.name) == ["tiny"] && provider.asked == [])
        }
    }

    @Test("Loads that fail give back the room that they were promised, and nobody waits for good")
    func failedLoadsGiveBackRoom() async throws {
        let size = try await byteCount()
        try await withProvider(changing: { $0.modelMemory = size * 2 }) { engine, provider in
            try TinyModel.quick.write(to: provider.directory) { $0["visual.proj"] = nil }
            for _ in 0..<20 {
                await withTaskGroup(of: Void.self) { group in
                    for name in ["a", "b", "c"] {
                        group.addTask {
                            await #expect(throws: EmbeddingError.self) {
                                try await engine.embed(texts: ["a"], model: name)
                            }
                        }
                    }
                }
                provider.pass(.seconds(10))
            }
            try await eventually { engine.modelMemory.used == size }
            try TinyModel.quick.write(to: provider.directory)
            #expect(try await engine.embed(texts: ["a"], model: "a").embeddings.count == 1)
        }
    }

    @Test("A repository can be named where a pattern allows it, and no other")
    func repositories() async throws {
        try await withProvider(changing: { $0.allowedModels = .matching(["own/model-*"]) }) {
            engine,
            provider in
            let result = try await engine.embed(texts: ["a"], model: "own/model-1")
            #expect(result.report.model == "own/model-1" && provider.asked == ["own/model-1"])
            await #expect(throws: EmbeddingError.modelNotAllowed("own/other")) {
                try await engine.embed(texts: ["a"], model: "own/other")
            }
            #expect(engine.catalogue.map(\.name) == ["tiny", "own/model-1"])
            provider.fail(with: .unknownModel("own/model-2"))
            await #expect(throws: EmbeddingError.unknownModel("own/model-2")) {
                try await engine.embed(texts: ["a"], model: "own/model-2")
            }
        }
    }

    // MARK: Memory

    /// The bytes that the tiny model counts for.
    private func byteCount() async throws -> Int {
        var found = 0
        try await withEngine { found = $0.models[0].byteCount }
        return found
    }

    @Test("Models that do not fit take turns, every request is answered, and there is never more than fits")
    func turns() async throws {
        let size = try await byteCount()
        #expect(size > 100_000)
        let limit = size * 2 + size / 2
        try await withProvider(changing: { $0.modelMemory = limit }) { engine, provider in
            let expected = try await engine.embed(texts: ["a cat"]).embeddings
            let most = try await withThrowingTaskGroup(of: [Embedding].self) { group in
                for number in 0..<60 {
                    group.addTask {
                        try await engine.embed(texts: ["a cat"], model: ["a", "b", "c"][number % 3])
                            .embeddings
                    }
                }
                var most = 0
                while let embeddings = try await group.next() {
                    #expect(embeddings == expected)
                    most = max(most, engine.modelMemory.used)
                }
                return most
            }
            #expect(most <= limit && most > size)
            #expect(engine.models.count == 2 && engine.models[0].name == "tiny", "The default model stays.")
            let reasons = provider.events.filter {
                if case .unloaded(_, .room) = $0 { true } else { false }
            }
            #expect(reasons.count >= 2)
            try await eventually { engine.modelMemory.used == 2 * size }
        }
    }

    @Test("The least recently used leaves for the one that is named")
    func leastRecentlyUsed() async throws {
        let size = try await byteCount()
        try await withProvider(changing: { $0.modelMemory = size * 3 }) { engine, provider in
            for name in ["a", "b", "a"] {
                provider.pass(.seconds(1))
                _ = try await engine.embed(texts: ["a cat"], model: name)
            }
            _ = try await engine.embed(texts: ["a cat"], model: "c")
            #expect(engine.models.map(\.name) == ["tiny", "a", "c"])
            #expect(provider.events.contains(.unloaded(name: "b", .room(for: "c"))))
        }
    }

    @Test(
        "What never fits is refused with figures that name the setting, and at start where it is configured"
    )
    func neverFits() async throws {
        let size = try await byteCount()
        let refusal = EmbeddingError.modelTooLarge(name: "a", bytes: size, beside: size, limit: size * 2 - 1)
        try await withProvider(changing: { $0.modelMemory = size * 2 - 1 }) { engine, _ in
            await #expect(throws: refusal) { try await engine.embed(texts: ["a"], model: "a") }
            #expect(engine.models.map(\.name) == ["tiny"])
        }
        await #expect(
            throws: EmbeddingError.modelTooLarge(name: "tiny", bytes: size, beside: 0, limit: size - 1)
        ) {
            try await withEngine(changing: { $0.modelMemory = size - 1 }) { _ in }
        }
    }

    @Test("Configured models that do not fit at start come when a request names them")
    func startWithSome() async throws {
        let size = try await byteCount()
        let names = ["first", "second", "third"]
        try await withEngine(names: names, changing: { $0.modelMemory = size * 2 }) { engine in
            #expect(engine.isReady && engine.models.map(\.name) == ["first", "second"])
            #expect(engine.catalogue.map(\.state) == [.loaded, .loaded, .configured])
            let cold = try await engine.embed(texts: ["a"], model: "third")
            #expect(cold.report.wasColdStart)
            #expect(engine.models.map(\.name) == ["first", "third"])
        }
    }

    @Test("A model that nobody asks for leaves after the idle time, and comes back for the next who does")
    func idleness() async throws {
        try await withProvider(changing: { $0.idleTimeLimit = .seconds(60) }) { engine, provider in
            let before = try await engine.embed(texts: ["a cat"], model: "a").embeddings
            provider.pass(.seconds(30))
            _ = try await engine.embed(texts: ["a cat"])
            provider.pass(.seconds(30))
            engine.unloadIdle()
            #expect(engine.models.map(\.name) == ["tiny"])
            #expect(provider.events.last == .unloaded(name: "a", .idle))
            provider.pass(.seconds(30))
            engine.unloadIdle()
            #expect(engine.models.isEmpty && engine.isReady)
            try await eventually { engine.modelMemory.used == 0 }
            let after = try await engine.embed(texts: ["a cat"], model: "a")
            #expect(after.report.wasColdStart && after.embeddings == before)
            #expect(try await engine.embed(texts: ["a cat"]).report.wasColdStart == true)
        }
    }

    @Test("Models leave by themselves once they are idle")
    func idleTimer() async throws {
        try await withEngine(changing: { $0.idleTimeLimit = .milliseconds(50) }) { engine in
            try await eventually { engine.models.isEmpty }
            #expect(try await engine.embed(texts: ["a cat"]).embeddings.count == 1)
        }
    }
}
