import CLIPEngine
import CLIPTestSupport
import Foundation
import Testing

/// Captions that wait for those of clients that come back at once.
@Suite("The batcher's wait for clients", .timeLimit(.minutes(5)))
struct BatcherWaitTests {
    private static let text = Batcher.Payload.tokens([49406, 7, 49407])

    /// Waits for two minutes, so that nothing depends on how quick this machine is.
    private static func batcher(limits: BatchLimits = BatchLimits()) -> Batcher {
        let patient = ReturningClients(patience: 1e9, longestWait: .seconds(120))
        return Batcher(limits: limits, returning: patient)
    }

    private static func next(of batcher: Batcher) async -> Batcher.Batch? {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: batcher.next()?.batch) }.start()
        }
    }

    private static func finish(_ batch: Batcher.Batch, in batcher: Batcher) {
        batcher.finish(batch, with: .success(batch.items.map { _ in Embedding(values: [1]) }))
    }

    /// Answers two clients several times, who are back before the pass after that, so that it is known of them.
    private static func learn(_ batcher: Batcher) async throws {
        for _ in 0..<6 {
            async let one = batcher.embed([text], lane: .texts)
            async let other = batcher.embed([text], lane: .texts)
            try await eventually { batcher.waiting.texts == 2 }
            let batch = try #require(await next(of: batcher))
            #expect(batch.items.count == 2)
            finish(batch, in: batcher)
            _ = try await (one, other)
        }
    }

    /// A thread that leaves one caption for another.
    private static func hold(_ batcher: Batcher) async throws -> Task<Batcher.Batch?, Never> {
        try await eventually { batcher.waiting.texts == 1 }
        let thread = Task { await next(of: batcher) }
        try await Task.sleep(for: .milliseconds(50))
        #expect(batcher.waiting.texts == 1, "It waits for the other client.")
        return thread
    }

    /// One client's caption waits for the other's, and both ride together.
    private static func rideTogether(_ batcher: Batcher) async throws {
        async let one = batcher.embed([text], lane: .texts)
        let thread = try await hold(batcher)
        #expect(batcher.problem(passLimit: .seconds(60)) == nil)
        async let other = batcher.embed([text], lane: .texts)
        let both = try #require(await thread.value)
        #expect(both.items.count == 2)
        finish(both, in: batcher)
        _ = try await (one, other)
        batcher.close()
    }

    @Test("Two clients who come back at once ride together, though the second is a moment later")
    func together() async throws {
        let batcher = Self.batcher()
        try await Self.learn(batcher)
        try await Self.rideTogether(batcher)
    }

    @Test("Pictures and lists wait for nobody, and teach nothing of clients")
    func others() async throws {
        let batcher = Self.batcher()
        try await Self.learn(batcher)
        async let picture = batcher.embed([.pixels([1])], lane: .images)
        try await eventually { batcher.waiting.images == 1 }
        Self.finish(try #require(await Self.next(of: batcher)), in: batcher)
        _ = try await picture
        for _ in 0..<40 {
            async let list = batcher.embed([Self.text], lane: .texts, isOfList: true)
            try await eventually { batcher.waiting.texts == 1 }
            Self.finish(try #require(await Self.next(of: batcher)), in: batcher)
            _ = try await list
        }
        try await Self.rideTogether(batcher)
    }

    @Test("A picture that comes ends the wait, as does the server's stop", arguments: [false, true])
    func ended(isStop: Bool) async throws {
        let batcher = Self.batcher()
        try await Self.learn(batcher)
        async let last = batcher.embed([Self.text], lane: .texts)
        let thread = try await Self.hold(batcher)
        if isStop {
            batcher.close()
            Self.finish(try #require(await thread.value), in: batcher)
        } else {
            async let picture = batcher.embed([.pixels([1])], lane: .images)
            Self.finish(try #require(await thread.value), in: batcher)
            // If the picture was first, the caption goes on waiting, as long as it would have.
            batcher.close()
            Self.finish(try #require(await Self.next(of: batcher)), in: batcher)
            _ = try await picture
        }
        _ = try await last
        #expect(batcher.isOver)
    }

    @Test("A caption that is cancelled while it waits is gone, and the thread takes what comes next")
    func cancelled() async throws {
        let batcher = Self.batcher()
        try await Self.learn(batcher)
        let gone = Task { try await batcher.embed([Self.text], lane: .texts) }
        let thread = try await Self.hold(batcher)
        gone.cancel()
        await #expect(throws: EmbeddingError.self) { try await gone.value }
        #expect(batcher.waiting.texts == 0)
        async let picture = batcher.embed([.pixels([1])], lane: .images)
        let batch = try #require(await thread.value)
        #expect(batch.lane == .images)
        Self.finish(batch, in: batcher)
        _ = try await picture
        batcher.close()
    }

    @Test("What fills a pass does not wait, however many threads there are")
    func full() async throws {
        var limits = BatchLimits()
        limits.textTokens = 16
        let batcher = Self.batcher(limits: limits)
        try await Self.learn(batcher)
        let long = Batcher.Payload.tokens([Int32](repeating: 7, count: 10))
        async let captions = batcher.embed([long, long], lane: .texts)
        try await eventually { batcher.waiting.texts == 2 }
        Self.finish(try #require(await Self.next(of: batcher)), in: batcher)
        // What is left is few again; the server's stop ends its wait.
        batcher.close()
        Self.finish(try #require(await Self.next(of: batcher)), in: batcher)
        #expect(try await captions.embeddings.count == 2)
    }
}
