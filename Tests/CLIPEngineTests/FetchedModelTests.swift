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
