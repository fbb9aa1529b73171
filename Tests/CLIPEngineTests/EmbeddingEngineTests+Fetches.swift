import CLIPEngine
import CLIPTestSupport
import Testing

/// How the files of models are brought that requests name.
extension EmbeddingEngineTests {
    @Test("What is on this machine waits for nobody's download, however many are under way")
    func hereAlready() async throws {
        let names = ["a", "b", "c", "d", "e"]
        try await withProvider(names) { engine, provider in
            provider.hold()
            let slow = names.dropLast().map { name in
                Task { try await engine.embed(texts: ["a cat"], model: name) }
            }
            try await eventually { provider.asked.count == 4 }
            provider.keep("e")
            let result = try await engine.embed(texts: ["a cat"], model: "e")
            #expect(result.report.model == "e" && provider.asked.sorted() == ["a", "b", "c", "d"])
            provider.release()
            for task in slow { #expect(try await task.value.embeddings == result.embeddings) }
        }
    }

    @Test("However many fetches hang, what is here is loaded, and so is a configured model that comes back")
    func crowdOfFetches() async throws {
        try await withProvider([], changing: { $0.allowedModels = .matching(["own/*"]) }) {
            engine,
            provider in
            provider.hold()
            let slow = (0..<32).map { number in
                Task { try await engine.embed(texts: ["a cat"], model: "own/s\(number)") }
            }
            try await eventually { engine.requestsWaitingForModels == 32 }
            provider.keep("own/here")
            for name in ["own/here", "own/s32", "own/here"] {
                let result = try? await engine.embed(texts: ["a cat"], model: name)
                #expect((result == nil) == (name == "own/s32"), "\(name)")
            }
            try engine.unload(model: "tiny")
            #expect(try await engine.embed(texts: ["a cat"]).report.wasColdStart)
            await #expect(throws: EmbeddingError.tooManyLoads(limit: 32, retryAfterSeconds: 10)) {
                try await engine.embed(texts: ["a cat"], model: "own/s33")
            }
            engine.shutdown()
            for task in slow { await #expect(throws: EmbeddingError.shuttingDown) { try await task.value } }
        }
    }

    @Test("A checkpoint with two names is in memory once, for those who ask by either")
    func twoNames() async throws {
        try await withProvider { engine, provider in
            provider.say("b", isOf: "own/a")
            let first = try await engine.embed(texts: ["a cat"], model: "a")
            for _ in 0..<2 {
                let second = try await engine.embed(texts: ["a cat"], model: "b")
                #expect(second.embeddings == first.embeddings && !second.report.wasColdStart)
                #expect(second.report.model == "a")
            }
            #expect(engine.models.map(\.name) == ["tiny", "a"] && provider.asked == ["a", "b"])
            #expect(try await engine.embed(texts: ["a cat"], model: "c").report.model == "c")

            // By either it leaves, and whichever is asked for then is its name.
            try engine.unload(model: "b")
            #expect(engine.models.map(\.name) == ["tiny", "c"])
            for name in ["b", "a"] {
                #expect(try await engine.embed(texts: ["a cat"], model: name).report.model == "b")
            }

            // Both at once.
            try engine.unload(model: "a")
            provider.hold()
            let both = ["a", "b"].map { name in
                Task { try await engine.embed(texts: ["a cat"], model: name) }
            }
            try await eventually { engine.requestsWaitingForModels == 2 }
            provider.release()
            for task in both { #expect(try await task.value.embeddings == first.embeddings) }
            #expect(engine.models.count == 3 && provider.events.count { $0.isLoad } == 5)
        }
    }

    @Test("A hold-off after what comes corrupt grows, so that it is not fetched over and over")
    func corruptFiles() async throws {
        try await withProvider { engine, provider in
            let fault = EmbeddingError.modelNotFetched(name: "a", cause: "Other bytes.", .corrupt)
            provider.fail(with: fault)
            for seconds in [10, 20, 40, 80, 160, 320, 600, 600] {
                await #expect(throws: fault) { try await engine.embed(texts: ["a"], model: "a") }
                await #expect(throws: EmbeddingError.heldOff(fault, retryAfterSeconds: seconds)) {
                    try await engine.embed(texts: ["a"], model: "a")
                }
                provider.pass(.seconds(seconds))
            }
            provider.fail(with: nil)
            #expect(try await engine.embed(texts: ["a"], model: "a").embeddings.count == 1)
            try engine.unload(model: "a")
            provider.fail(with: fault)
            await #expect(throws: fault) { try await engine.embed(texts: ["a"], model: "a") }
            await #expect(throws: EmbeddingError.heldOff(fault, retryAfterSeconds: 10)) {
                try await engine.embed(texts: ["a"], model: "a")
            }
        }
    }

    @Test("Other spellings of a known name mean it, where requests may use it or it is configured")
    func spellings() async throws {
        try await withProvider(["a", "b", "tiny"], changing: { $0.allowedModels = .matching(["a"]) }) {
            engine,
            provider in
            for name in ["a", "tiny"] {
                let result = try await engine.embed(texts: ["a"], model: "-as-" + name)
                #expect(result.report.model == name)
            }
            await #expect(throws: EmbeddingError.modelNotAllowed("-as-b")) {
                try await engine.embed(texts: ["a"], model: "-as-b")
            }
            #expect(provider.asked == ["a"])
        }
    }

    @Test("What can be no repository's name is refused before anything is asked or begun")
    func noRepository() async throws {
        try await withProvider(changing: { $0.allowedModels = .matching(["own/*"]) }) { engine, provider in
            await #expect(throws: EmbeddingError.invalidModelName("own/x.git")) {
                try await engine.embed(texts: ["a"], model: "own/x.git")
            }
            #expect(provider.asked == [] && provider.events.allSatisfy { $0.isLoad })
        }
    }

    @Test("A fetch that pauses holds up no other, and a few at a time is what the others are")
    func pausing() async throws {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
        try await withProvider(names) { engine, provider in
            provider.hold()
            provider.pause(for: .seconds(3600))
            let pausing = names.prefix(4).map { name in
                Task { try await engine.embed(texts: ["a cat"], model: name) }
            }
            try await eventually { provider.asked.count == 4 }
            provider.pause(for: nil)
            let others = names.dropFirst(4).map { name in
                Task { try await engine.embed(texts: ["a cat"], model: name) }
            }
            try await eventually { provider.asked.count == 8 }
            try await eventually { engine.requestsWaitingForModels == 10 }
            #expect(provider.asked.count == 8, "Four places, beside those that pause.")
            provider.release()
            for task in pausing + others { #expect(try await task.value.embeddings.count == 1) }
            #expect(provider.asked.sorted() == names)
        }
    }

    @Test("A fetch that goes on after its pause needs no place, and gives back the one that it takes")
    func pausesAreOver() async throws {
        let names = ["a", "b", "c", "d", "e", "f"]
        try await withProvider(names) { engine, provider in
            provider.pause(for: .milliseconds(1))
            for _ in 0..<5 {
                for name in names {
                    #expect(try await engine.embed(texts: ["a cat"], model: name).embeddings.count == 1)
                    try engine.unload(model: name)
                }
            }
            provider.pause(for: nil)
            provider.hold()
            let last = names.map { name in Task { try await engine.embed(texts: ["a cat"], model: name) } }
            try await eventually { provider.asked.count == 34 && engine.requestsWaitingForModels == 6 }
            provider.release()
            for task in last { #expect(try await task.value.embeddings.count == 1) }
        }
    }

    @Test("Whoever has the files and wants to be left alone is, for as long as it says")
    func wantedPause() async throws {
        try await withProvider { engine, provider in
            let fault = EmbeddingError.modelNotFetched(
                name: "a",
                cause: "Too much.",
                .passing(retryAfterSeconds: 250)
            )
            provider.fail(with: fault)
            await #expect(throws: fault) { try await engine.embed(texts: ["a"], model: "a") }
            provider.fail(with: nil)
            provider.pass(.seconds(249))
            await #expect(throws: EmbeddingError.heldOff(fault, retryAfterSeconds: 1)) {
                try await engine.embed(texts: ["a"], model: "a")
            }
            provider.pass(.seconds(1))
            let result = try await engine.embed(texts: ["a"], model: "a")
            #expect(result.report.wasColdStart && provider.asked == ["a", "a"])
        }
    }

    @Test("The first request is told how long it waited for the files, too")
    func timeOfFetch() async throws {
        try await withProvider { engine, provider in
            provider.hold()
            let cold = Task { try await engine.embed(texts: ["a cat"], model: "a") }
            try await eventually { provider.asked == ["a"] }
            let start = ContinuousClock.now
            try await eventually { ContinuousClock.now - start > .milliseconds(300) }
            provider.release()
            let loadTime = try #require(try await cold.value.report.loadTime)
            #expect(loadTime > .milliseconds(300) && loadTime > engine.models[1].loadTime)
        }
    }

    @Test("The end of the engine ends what is being brought, and tells those who wait")
    func shutdownWhileLoading() async throws {
        try await withProvider { engine, provider in
            provider.hold()
            let waiting = Task { try await engine.embed(texts: ["a"], model: "a") }
            try await eventually { engine.requestsWaitingForModels == 1 && provider.asked == ["a"] }
            engine.shutdown()
            await #expect(throws: EmbeddingError.shuttingDown) { try await waiting.value }
            try await eventually { provider.cancelled == 1 }
        }
    }
}

extension ModelEvent {
    fileprivate var isLoad: Bool {
        if case .loaded = self { true } else { false }
    }
}
