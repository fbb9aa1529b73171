import CLIPEngine
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

@Suite("The cache of embeddings", .timeLimit(.minutes(5)))
struct EmbeddingCacheTests {
    /// Computes the embedding [key] of each key, and counts the keys.
    private final class Model: Sendable {
        let computed = Mutex<[Int]>([])

        func outcome(of keys: [Int]) -> Batcher.Outcome {
            computed.withLock { $0 += keys }
            return Batcher.Outcome(
                embeddings: keys.map { Embedding(values: [Float($0)]) },
                queue: .zero,
                forward: .milliseconds(1)
            )
        }
    }

    /// Lets one part of a test wait for another.
    private final class Gate: Sendable {
        private let stream: AsyncStream<Void>
        private let continuation: AsyncStream<Void>.Continuation

        init() { (stream, continuation) = AsyncStream.makeStream() }

        func open() { continuation.finish() }

        func pass() async { for await _ in stream {} }
    }

    private func cache(limit: Int = 10_000) -> EmbeddingCache<Int> {
        EmbeddingCache(limit: limit) { _ in 8 }
    }

    private func values(_ outcome: Batcher.Outcome) -> [Float] { outcome.embeddings.map { $0.values[0] } }

    /// Until some other request waits for one that computes.
    private func untilShared(_ cache: EmbeddingCache<Int>, count: Int) async throws {
        try await eventually { cache.statistics.shared >= count }
    }

    /// Until so many keys are being computed, or were.
    private func untilComputing(_ cache: EmbeddingCache<Int>, count: Int = 1) async throws {
        try await eventually { cache.statistics.misses >= count }
    }

    @Test("What is known is not computed again, and all come in the order of the keys")
    func hits() async throws {
        let (cache, model) = (cache(), Model())
        let first = try await cache.embeddings(for: [3, 1]) { model.outcome(of: $0.map { [3, 1][$0] }) }
        #expect(values(first) == [3, 1])
        let keys = [1, 2, 3, 4]
        let second = try await cache.embeddings(for: keys) { model.outcome(of: $0.map { keys[$0] }) }
        #expect(values(second) == [1, 2, 3, 4])
        #expect(model.computed.withLock { $0 } == [3, 1, 2, 4])
        let statistics = cache.statistics
        #expect(statistics.hits == 2 && statistics.misses == 4 && statistics.entries == 4)
        let third = try await cache.embeddings(for: [4]) { (_) async throws(EmbeddingError) in
            throw EmbeddingError.failed("must not be asked")
        }
        #expect(values(third) == [4] && third.forward == .zero)
    }

    @Test("The same key twice in a request is computed once")
    func duplicates() async throws {
        let (cache, model) = (cache(), Model())
        let keys = [5, 6, 5, 5]
        let outcome = try await cache.embeddings(for: keys) { model.outcome(of: $0.map { keys[$0] }) }
        #expect(values(outcome) == [5, 6, 5, 5])
        #expect(model.computed.withLock { $0 } == [5, 6])
    }

    @Test("With a limit of nothing everything is computed, the same key twice too")
    func off() async throws {
        let (cache, model) = (cache(limit: 0), Model())
        for _ in 0..<2 {
            let outcome = try await cache.embeddings(for: [5, 5]) {
                model.outcome(of: $0.map { [5, 5][$0] })
            }
            #expect(values(outcome) == [5, 5])
        }
        #expect(model.computed.withLock { $0 } == [5, 5, 5, 5])
        #expect(cache.statistics.entries == 0)
    }

    @Test("The bytes of numbers, keys and bookkeeping stay below the limit")
    func limit() async throws {
        let (cache, model) = (cache(limit: 1_000), Model())
        for key in 0..<50 {
            _ = try await cache.embeddings(for: [key]) { _ in model.outcome(of: [key]) }
            #expect(cache.statistics.byteCount <= 1_000)
        }
        #expect(cache.statistics.entries > 2 && cache.statistics.byteCount > 500)
        cache.removeAll()
        #expect(cache.statistics.entries == 0 && cache.statistics.byteCount == 0)
    }

    @Test("Requests for what another one computes wait for it")
    func flights() async throws {
        let (cache, model, gate) = (cache(), Model(), Gate())
        async let first = cache.embeddings(for: [7]) { _ in
            await gate.pass()
            return model.outcome(of: [7])
        }
        try await untilComputing(cache)
        async let second = cache.embeddings(for: [8, 7]) { indexes in
            #expect(indexes == [0])
            return model.outcome(of: [8])
        }
        async let third = cache.embeddings(for: [7]) { (_) async throws(EmbeddingError) in
            throw EmbeddingError.failed("must not be asked")
        }
        try await untilShared(cache, count: 2)
        gate.open()
        #expect(try await values(first) == [7])
        #expect(try await values(second) == [8, 7])
        #expect(try await values(third) == [7])
        #expect(model.computed.withLock { $0.sorted() } == [7, 8])
    }

    @Test("What another client's request computes is waited for a second, and then computed once more")
    func impatience() async throws {
        let (cache, model, gate) = (cache(), Model(), Gate())
        let compute: @Sendable ([Int]) async -> Batcher.Outcome = { _ in
            await gate.pass()
            return model.outcome(of: [7])
        }
        let first = Task { try await cache.embeddings(for: [7], client: "a", compute: compute) }
        try await untilComputing(cache)
        let same = Task { try await cache.embeddings(for: [7], client: "a", compute: compute) }
        try await untilShared(cache, count: 1)
        let start = ContinuousClock.now
        let other = try await cache.embeddings(for: [8, 7], client: "b") { indexes in
            model.outcome(of: indexes.map { [8, 7][$0] })
        }
        #expect(values(other) == [8, 7])
        #expect(ContinuousClock.now - start >= .milliseconds(900))
        // It was computed for whoever else waited, too.
        #expect(try await values(same.value) == [7])
        #expect(model.computed.withLock { $0 } == [8, 7])
        gate.open()
        #expect(try await values(first.value) == [7])
        #expect(model.computed.withLock { $0 } == [8, 7, 7])
    }

    @Test("Whoever waited for one that fails computes for itself, and failures are not kept")
    func failures() async throws {
        let (cache, model, gate) = (cache(), Model(), Gate())
        let failing = Task {
            try await cache.embeddings(for: [7]) { (_) async throws(EmbeddingError) in
                await gate.pass()
                throw EmbeddingError.failed("once")
            }
        }
        try await untilComputing(cache)
        async let waiting = cache.embeddings(for: [7]) { _ in model.outcome(of: [7]) }
        try await untilShared(cache, count: 1)
        gate.open()
        await #expect(throws: EmbeddingError.failed("once")) { _ = try await failing.value }
        #expect(try await values(waiting) == [7])
        #expect(model.computed.withLock { $0 } == [7])
    }

    @Test("When the client leaves whose request computes, one of those who wait takes over")
    func takeover() async throws {
        let (cache, batcher) = (cache(), Batcher(limits: BatchLimits()))
        let compute: @Sendable ([Int]) async throws(EmbeddingError) -> Batcher.Outcome = {
            (indexes) async throws(EmbeddingError) in
            try await batcher.embed(indexes.map { _ in .pixels([7]) }, lane: .images)
        }
        let leaving = Task { try await cache.embeddings(for: [7], compute: compute) }
        try await untilComputing(cache)
        let staying = (0..<3).map { _ in Task { try await cache.embeddings(for: [7], compute: compute) } }
        try await untilShared(cache, count: 3)
        leaving.cancel()
        await #expect(throws: EmbeddingError.cancelled) { _ = try await leaving.value }
        // Only now is there a thread that computes, so the first request had certainly computed nothing.
        let passes = Mutex(0)
        Thread {
            while let batch = batcher.next()?.batch {
                passes.withLock { $0 += 1 }
                batcher.finish(batch, with: .success(batch.items.map { _ in Embedding(values: [7]) }))
            }
        }.start()
        for task in staying { #expect(try await values(task.value) == [7]) }
        batcher.close()
        #expect(passes.withLock { $0 } == 1)
        #expect(cache.statistics.entries == 1 && cache.statistics.misses == 2)
    }

    @Test("A client that leaves while it waits is told so, and the others get their answer")
    func leaving() async throws {
        let (cache, model, gate) = (cache(), Model(), Gate())
        async let first = cache.embeddings(for: [7]) { _ in
            await gate.pass()
            return model.outcome(of: [7])
        }
        try await untilComputing(cache)
        let leaving = Task { try await cache.embeddings(for: [7]) { _ in model.outcome(of: [7]) } }
        try await untilShared(cache, count: 1)
        leaving.cancel()
        await #expect(throws: EmbeddingError.cancelled) { _ = try await leaving.value }
        gate.open()
        #expect(try await values(first) == [7])
    }

    @Test("What a list computes is not waited for by others but by lists, and its result is kept for all")
    func lists() async throws {
        let (cache, model, gate) = (cache(), Model(), Gate())
        async let list = cache.embeddings(for: [7, 8], isOfList: true) { indexes in
            await gate.pass()
            return model.outcome(of: indexes.map { [7, 8][$0] })
        }
        try await untilComputing(cache, count: 2)
        #expect(try await values(cache.embeddings(for: [8]) { _ in model.outcome(of: [8]) }) == [8])
        let other = Task {
            try await cache.embeddings(for: [7], isOfList: true) { _ in model.outcome(of: [7]) }
        }
        try await untilShared(cache, count: 1)
        gate.open()
        #expect(try await values(list) == [7, 8])
        #expect(try await values(other.value) == [7])
        #expect(model.computed.withLock { $0 } == [8, 7, 8])
        #expect(cache.known(7)?.values == [7] && cache.known(9) == nil)
        // Nothing is left in flight: whoever asks next does not wait for anybody.
        cache.removeAll()
        #expect(
            try await values(cache.embeddings(for: [7, 8]) { model.outcome(of: $0.map { [7, 8][$0] }) }) == [
                7, 8,
            ]
        )
    }

    @Test("What the caller knows is neither looked up nor computed")
    func found() async throws {
        let (cache, model) = (cache(), Model())
        let outcome = try await cache.embeddings(for: [1, 2], found: [1: Embedding(values: [10])]) {
            indexes in
            model.outcome(of: indexes.map { [1, 2][$0] })
        }
        #expect(values(outcome) == [10, 2])
        #expect(cache.statistics.misses == 1)
    }
}
