import CLIPEngine
import CLIPTestSupport
import Foundation
import Testing

@Suite("Configured models that have to be fetched at the start", .timeLimit(.minutes(2)))
struct FetchedModelTests {
    /// An engine whose models are fetched by the stand-in, which holds them until it is told otherwise.
    private func withEngine(
        _ names: [String] = ["a"],
        changing change: (inout EngineConfiguration, StandInProvider) -> Void = { _, _ in },
        _ body: (EmbeddingEngine, StandInProvider) async throws -> Void
    ) async throws {
        let provider = try StandInProvider(["other"])
        var configuration = EngineConfiguration(
            models: names.map {
                ModelSource(name: $0, directory: "", origin: ModelOrigin(repository: "own/\($0)"))
            },
            cores: 2
        )
        configuration.precision = .f32
        provider.fill(&configuration)
        configuration.allowedModels = .none
        // However busy the machine is.
        configuration.loadTimeLimit = .seconds(100)
        change(&configuration, provider)
        let engine = try EmbeddingEngine(configuration: configuration)
        defer {
            engine.shutdown()
            provider.release()
        }
        provider.hold()
        try await body(engine, provider)
    }

    @Test("Requests that come meanwhile wait for the one fetch, and the engine is ready when it is there")
    func sharedFetch() async throws {
        try await withEngine { engine, provider in
            // The first request comes before the start has asked for anything.
            let first = Task { try await engine.embed(texts: ["a cat"]) }
            try await eventually(within: .seconds(60)) { provider.asked == ["a"] }
            let start = Task { try await engine.start() }
            let others = (0..<10).map { _ in Task { try await engine.embed(texts: ["a cat"], model: "a") } }
            try await eventually(within: .seconds(60)) { engine.requestsWaitingForModels == 11 }
            #expect(!engine.isReady && engine.healthProblem == nil && engine.models.isEmpty)
            let listing = try #require(engine.catalogue.first)
            #expect(listing.state == .loading && listing.directory == nil && listing.isDefault)
            #expect(listing.origin?.repository == "own/a" && listing.origin?.revision == nil)
            provider.release()
            try await start.value
            #expect(engine.isReady && provider.asked == ["a"] && !engine.endFetching())
            let expected = try await first.value.embeddings
            for other in others { #expect(try await other.value.embeddings == expected) }
            let loaded = try #require(engine.catalogue.first)
            #expect(loaded.state == .loaded && loaded.directory == provider.directory)
            #expect(loaded.origin?.revision == "0123")

            // What has come once is not fetched again when it is loaded anew.
            try engine.unload(model: "a")
            #expect(engine.catalogue.map(\.state) == [.configured])
            #expect(try await engine.embed(texts: ["a cat"]).embeddings == expected)
            #expect(provider.asked == ["a"])
        }
    }

    @Test("A fetch that fails is what the start comes to, and what those hear who wait")
    func failure() async throws {
        try await withEngine { engine, provider in
            let fault = EmbeddingError.modelNotFetched(name: "a", cause: "The host is gone.")
            provider.fail(with: fault)
            let start = Task { try await engine.start() }
            try await eventually { provider.asked == ["a"] }
            let waiting = Task { try await engine.embed(texts: ["a cat"]) }
            try await eventually { engine.requestsWaitingForModels == 1 }
            provider.release()
            await #expect(throws: fault) { try await start.value }
            await #expect(throws: fault) { try await waiting.value }
            #expect(!engine.isReady && engine.catalogue.map(\.state) == [.known])
            // A program that goes on may start it again.
            provider.fail(with: nil)
            try await engine.start()
            #expect(engine.isReady && provider.asked == ["a", "a"])
        }
    }

    @Test("A request waits no longer than it may, and the fetch goes on")
    func patience() async throws {
        try await withEngine(changing: { configuration, _ in configuration.loadTimeLimit = .milliseconds(50) }
        ) {
            engine,
            provider in
            let start = Task { try await engine.start() }
            await #expect(throws: EmbeddingError.modelLoading(name: "a", retryAfterSeconds: 5)) {
                try await engine.embed(texts: ["a cat"])
            }
            provider.release()
            try await start.value
            #expect(try await engine.embed(texts: ["a cat"]).embeddings.count == 1)
            #expect(provider.asked == ["a"])
        }
    }

    @Test("Neither strangers who wait nor the models that they have fetched stand in the way of the start")
    func crowdedStart() async throws {
        try await withEngine(changing: { configuration, _ in
            configuration.allowedModels = .matching(["own/*"])
            configuration.maxPendingItems = 1
        }) { engine, provider in
            let waiting = Task { try await engine.embed(texts: ["a cat"], model: "own/s0") }
            try await eventually { engine.requestsWaitingForModels == 1 }
            for name in (1..<32).map({ "own/s\($0)" }) {
                await #expect(throws: EmbeddingError.modelLoading(name: name, retryAfterSeconds: 5)) {
                    try await engine.embed(texts: ["a cat"], model: name)
                }
            }
            await #expect(throws: EmbeddingError.tooManyLoads(limit: 32, retryAfterSeconds: 10)) {
                try await engine.embed(texts: ["a cat"], model: "own/s32")
            }
            provider.keep("a")
            try await engine.start()
            #expect(engine.isReady && engine.models.map(\.name) == ["a"])
            #expect(engine.requestsWaitingForModels == 1)
            provider.release()
            #expect(try await waiting.value.embeddings.count == 1)
        }
    }

    @Test("What has to be fetched for the start waits for no place that strangers have")
    func placeForTheStart() async throws {
        try await withEngine(changing: { configuration, _ in
            configuration.allowedModels = .matching(["own/*"])
        }
        ) { engine, provider in
            let strangers = (0..<5).map { number in
                Task { try await engine.embed(texts: ["a cat"], model: "own/s\(number)") }
            }
            try await eventually { provider.asked.count == 4 && engine.requestsWaitingForModels == 5 }
            let start = Task { try await engine.start() }
            try await eventually { provider.asked.last == "a" }
            provider.release()
            try await start.value
            for stranger in strangers { #expect(try await stranger.value.embeddings.count == 1) }
        }
    }

    @Test("A copy that was cleared away is fetched anew, and while it cannot be had the engine is not ready")
    func clearedAway() async throws {
        try await withEngine { engine, provider in
            provider.release()
            try await engine.start()
            try engine.unload(model: "a")
            try FileManager.default.removeItem(atPath: provider.directory)
            #expect(engine.isReady && engine.catalogue.map(\.state) == [.known])
            let fault = EmbeddingError.modelNotFetched(name: "a", cause: "It is not here.", .offline)
            provider.fail(with: fault)
            await #expect(throws: fault) { try await engine.embed(texts: ["a cat"]) }
            #expect(!engine.isReady && engine.lacksDefaultModel && engine.healthProblem == nil)
            await #expect(throws: EmbeddingError.heldOff(fault, retryAfterSeconds: 10)) {
                try await engine.embed(texts: ["a cat"])
            }
            engine.bringBackDefaultModel()
            #expect(provider.asked == ["a", "a"], "It is not tried before that time is over.")
            try TinyModel.quick.write(to: provider.directory)
            provider.fail(with: nil)
            provider.pass(.seconds(10))
            #expect(!engine.isReady, "Nobody knows yet.")
            engine.bringBackDefaultModel()
            try await eventually { engine.isReady }
            #expect(engine.models.map(\.name) == ["a"] && provider.asked == ["a", "a", "a"])
        }
    }

    @Test("A copy that is there and cannot be loaded is looked for anew the next time")
    func damagedCopy() async throws {
        try await withEngine { engine, provider in
            provider.release()
            try await engine.start()
            try engine.unload(model: "a")
            try TinyModel.quick.write(to: provider.directory) { $0["visual.proj"] = nil }
            await #expect(throws: EmbeddingError.self) { try await engine.embed(texts: ["a cat"]) }
            #expect(provider.asked == ["a"])
            try TinyModel.quick.write(to: provider.directory)
            provider.pass(.seconds(10))
            #expect(try await engine.embed(texts: ["a cat"]).embeddings.count == 1)
            #expect(provider.asked == ["a", "a"] && engine.isReady)
        }
    }

    @Test("Each name that the operator gives has a model of its own, also of one checkpoint")
    func oneCheckpointTwice() async throws {
        try await withEngine(["a", "b"]) { engine, provider in
            provider.say("b", isOf: "own/a")
            provider.release()
            try await engine.start()
            #expect(engine.models.map(\.name) == ["a", "b"])
        }
    }

    @Test("A start that fails leaves nothing, and says that of its models which it had loaded")
    func failedStart() async throws {
        try await withEngine(["b"]) { configuration, provider in
            configuration.models.insert(ModelSource(name: "here", directory: provider.directory), at: 0)
        } _: { engine, provider in
            let fault = EmbeddingError.modelNotFetched(name: "b", cause: "The host is gone.")
            provider.fail(with: fault)
            try await engine.load(model: nil)
            let start = Task { try await engine.start() }
            provider.release()
            await #expect(throws: fault) { try await start.value }
            #expect(provider.events.last == .unloaded(name: "here", .ending))
        }
    }

    @Test(
        "Where nothing is loaded at start, the engine is ready, and the default model comes when it is asked for"
    )
    func nothingAtStart() async throws {
        try await withEngine(changing: { configuration, _ in configuration.loadsAtStart = false }) {
            engine,
            provider in
            provider.release()
            try await engine.start()
            #expect(engine.isReady && provider.asked == [] && engine.catalogue.map(\.state) == [.known])
            #expect(try await engine.embed(texts: ["a cat"]).report.wasColdStart)
            #expect(provider.asked == ["a"])
        }
    }

    @Test("Who ends the fetches ends the wait for them, and nothing is fetched after that")
    func ending() async throws {
        try await withEngine { engine, provider in
            #expect(engine.endFetching(), "Nothing has begun, and nothing will.")
            await #expect(throws: EmbeddingError.shuttingDown) { try await engine.start() }
            #expect(provider.asked == [])
        }
        try await withEngine { engine, provider in
            let start = Task { try await engine.start() }
            let waiting = Task { try await engine.embed(texts: ["a cat"]) }
            try await eventually { engine.requestsWaitingForModels == 1 && provider.asked == ["a"] }
            #expect(engine.endFetching())
            await #expect(throws: EmbeddingError.shuttingDown) { try await start.value }
            await #expect(throws: EmbeddingError.shuttingDown) { try await waiting.value }
            #expect(provider.cancelled == 1)
            await #expect(throws: EmbeddingError.self) { try await engine.embed(texts: ["a cat"]) }
            await #expect(throws: EmbeddingError.shuttingDown) { try await engine.start() }
            #expect(provider.asked == ["a"])
        }
    }

    @Test("A model that is here is served while another is fetched, and what there is no room for stays out")
    func several() async throws {
        func hasRoom(for count: Int) async throws -> [String] {
            var names: [String] = []
            var size = 0
            try await withEngine(["a"]) { engine, provider in
                provider.release()
                try await engine.start()
                size = engine.modelMemory.used
            }
            try await withEngine(["b", "c"]) { configuration, provider in
                let here = ModelSource(name: "here", directory: provider.directory)
                configuration.models.insert(here, at: 0)
                configuration.modelMemory = size * count + size / 2
            } _: { engine, provider in
                let start = Task { try await engine.start() }
                try await eventually { provider.asked == ["b"] }
                #expect(try await engine.embed(texts: ["a cat"]).report.model == "here")
                #expect(!engine.isReady)
                #expect(engine.catalogue.map(\.state) == [.loaded, .loading, .known])
                provider.release()
                try await start.value
                #expect(engine.isReady && provider.asked == ["b", "c"])
                names = engine.models.map(\.name)
                #expect(engine.catalogue.allSatisfy { $0.state == .loaded || $0.state == .configured })
            }
            return names
        }
        #expect(try await hasRoom(for: 3) == ["here", "b", "c"])
        #expect(try await hasRoom(for: 2) == ["here", "b"])
    }
}
