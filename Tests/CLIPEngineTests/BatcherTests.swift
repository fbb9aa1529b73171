import CLIPEngine
import CLIPKernels
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

@Suite("The batcher", .timeLimit(.minutes(5)))
struct BatcherTests {
    private static func embedding(_ number: Float) -> Embedding { Embedding(values: [number]) }

    /// The numbers that the items of a batch carry, as a model would answer them.
    private static func echo(_ batch: Batcher.Batch) -> [Embedding] {
        batch.items.map { item in
            guard case .pixels(let values) = item.payload else { return embedding(-1) }
            return embedding(Float(values[0]))
        }
    }

    /// Takes the next batch on a thread of its own: the call blocks, and must not hold one of the few that tasks run on.
    private static func nextBatch(of batcher: Batcher) async -> Batcher.Batch? {
        await nextAssignment(of: batcher)?.batch
    }

    private static func nextAssignment(of batcher: Batcher) async -> Batcher.Assignment? {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: batcher.next()) }.start()
        }
    }

    private static func images(_ numbers: ClosedRange<Int>) -> [Batcher.Payload] {
        numbers.map { .pixels([UInt8($0)]) }
    }

    @Test("A request's embeddings come back in its order, over as many batches as they took")
    func order() async throws {
        let batcher = Batcher(limits: BatchLimits())
        Thread {
            while let batch = batcher.next()?.batch {
                batcher.finish(batch, with: .success(Self.echo(batch)))
            }
        }.start()
        let outcome = try await batcher.embed(Self.images(1...20), lane: .images)
        #expect(outcome.embeddings == (1...20).map { Self.embedding(Float($0)) })
        #expect(outcome.queue >= .zero && outcome.forward > .zero)
        batcher.close()
    }

    @Test("Requests that wait together share a batch")
    func sharing() async throws {
        let batcher = Batcher(limits: BatchLimits())
        async let first = batcher.embed(Self.images(1...1), lane: .images)
        async let second = batcher.embed(Self.images(2...2), lane: .images)
        var seen = 0
        while seen < 2 {
            let batch = try #require(await Self.nextBatch(of: batcher))
            seen += batch.items.count
            batcher.finish(batch, with: .success(Self.echo(batch)))
        }
        #expect(try await first.embeddings == [Self.embedding(1)])
        #expect(try await second.embeddings == [Self.embedding(2)])
    }

    @Test("A failed batch fails the requests in it, once each, and what waited of them is dropped")
    func failure() async throws {
        var limits = BatchLimits()
        limits.images = 2
        let batcher = Batcher(limits: limits)
        let request = Task { try await batcher.embed(Self.images(1...5), lane: .images) }
        let batch = try #require(await Self.nextBatch(of: batcher))
        batcher.finish(batch, with: .failure(.failed("no")))
        await #expect(throws: EmbeddingError.failed("no")) { _ = try await request.value }
        batcher.close()
        #expect(await Self.nextBatch(of: batcher)?.items.count == nil)
    }

    @Test("Items of a client that left are skipped when the batch is formed")
    func cancellation() async throws {
        let batcher = Batcher(limits: BatchLimits())
        let left = Task { try await batcher.embed(Self.images(1...3), lane: .images) }
        left.cancel()
        await #expect(throws: EmbeddingError.cancelled) { _ = try await left.value }
        async let stays = batcher.embed(Self.images(7...7), lane: .images)
        let batch = try #require(await Self.nextBatch(of: batcher))
        #expect(batch.items.map(\.payload) == [.pixels([7])])
        batcher.finish(batch, with: .success(Self.echo(batch)))
        #expect(try await stays.embeddings == [Self.embedding(7)])
    }

    @Test("A closed batcher finishes what waits and then takes nothing more")
    func closing() async throws {
        let batcher = Batcher(limits: BatchLimits())
        async let waiting = batcher.embed(Self.images(1...1), lane: .images)
        let batch = try #require(await Self.nextBatch(of: batcher))
        batcher.close()
        batcher.finish(batch, with: .success(Self.echo(batch)))
        #expect(try await waiting.embeddings.count == 1)
        await #expect(throws: EmbeddingError.shuttingDown) {
            _ = try await batcher.embed(Self.images(2...2), lane: .images)
        }
        #expect(await Self.nextBatch(of: batcher)?.items.count == nil)
    }

    @Test("No items need no model")
    func nothing() async throws {
        let batcher = Batcher(limits: BatchLimits())
        #expect(try await batcher.embed([], lane: .texts).embeddings == [])
    }

    @Test("Two idle threads make the pass of a lone image together, and one hands it out")
    func sharedPass() async throws {
        let batcher = Batcher(limits: BatchLimits(), threads: 2)
        let shares = Mutex<[[Int]]>([])
        for _ in 0..<2 {
            Thread {
                while let assignment = batcher.next() {
                    let share = assignment.share
                    do { try share.meet() } catch { continue }
                    shares.withLock { $0.append([share.index, share.count]) }
                    guard share.index == 0 else { continue }
                    batcher.finish(assignment.batch, with: .success(Self.echo(assignment.batch)))
                }
            }.start()
        }
        // At once after the pass before, whether or not both sleep again.
        for number in 1...50 {
            let outcome = try await batcher.embed(Self.images(number...number), lane: .images)
            #expect(outcome.embeddings == [Self.embedding(Float(number))])
        }
        batcher.close()
        #expect(shares.withLock { $0.count { $0 == [0, 2] } } == 50)
    }

    @Test("An idle thread waits for one that is soon done if both together are done sooner")
    func waiting() {
        let now = ContinuousClock.now
        func wait(work: Double, began: Duration, takes: Double, isEnding: Bool = false) -> Duration? {
            var pass = RunningPass(start: now - began, work: takes, threads: 1)
            if isEnding { pass.leave(at: now) }
            return RunningPass.wait(forAnyOf: [pass], before: work, idle: 1, threads: 2, now: now)
        }
        // 40 ms alone, 20 together: worth a wait of 5 ms, not one of 20.
        #expect(wait(work: 0.04, began: .milliseconds(18), takes: 0.02) == .milliseconds(5))
        #expect(wait(work: 0.04, began: .milliseconds(3), takes: 0.02) == nil)
        #expect(wait(work: 0.04, began: .milliseconds(30), takes: 0.02) == nil, "It is late.")
        #expect(wait(work: 0.04, began: .milliseconds(30), takes: 0.02, isEnding: true) == .milliseconds(2))
        #expect(wait(work: 0.001, began: .zero, takes: 0, isEnding: true) == nil)
        #expect(wait(work: 0.04, began: .zero, takes: 0) == nil, "Nobody knows.")
        #expect(wait(work: 0, began: .milliseconds(18), takes: 0.02) == nil)
        #expect(RunningPass.wait(forAnyOf: [], before: 0.04, idle: 1, threads: 2, now: now) == nil)
    }

    @Test("A lone image that comes while short passes run is computed by both threads when they have ended")
    func waitingThreads() async throws {
        let costs = CostMeter()
        costs.spendOnImages(.seconds(6_400), finished: 64)
        costs.spendOnTexts(.seconds(600), finished: 300)
        let batcher = Batcher(limits: BatchLimits(), threads: 2, costs: costs)
        let text = Batcher.Payload.tokens([Int32](repeating: 1, count: 10))
        async let texts = batcher.embed([text, text], lane: .texts)
        let one = try #require(await Self.nextBatch(of: batcher))
        let other = try #require(await Self.nextBatch(of: batcher))
        async let image = batcher.embed(Self.images(3...3), lane: .images)
        try await eventually { batcher.waiting.images == 1 }
        // A thread that asks now would take 100 s for the image, and both together half as long, in 20 s.
        let waiting = Task { await Self.nextAssignment(of: batcher) }
        try await Task.sleep(for: .milliseconds(20))
        #expect(batcher.waiting.images == 1)
        for batch in [one, other] {
            batcher.finish(batch, with: .success(batch.items.map { _ in Self.embedding(1) }))
        }
        let joined = try #require(await Self.nextAssignment(of: batcher))
        let waited = try #require(await waiting.value)
        #expect([joined.share.index, waited.share.index].sorted() == [0, 1])
        batcher.finish(joined.batch, with: .success(Self.echo(joined.batch)))
        #expect(try await texts.embeddings.count == 2)
        #expect(try await image.embeddings == [Self.embedding(3)])
        batcher.close()
    }

    @Test("Items that nobody takes are a problem once they have waited too long")
    func abandoned() async throws {
        let batcher = Batcher(limits: BatchLimits())
        async let embeddings = batcher.embed(Self.images(1...1), lane: .images)
        try await eventually { batcher.problem(passLimit: .zero) != nil }
        #expect(batcher.problem(passLimit: .zero)?.hasPrefix("no compute thread has taken") == true)
        #expect(batcher.problem(passLimit: .seconds(600)) == nil)
        let batch = try #require(await Self.nextBatch(of: batcher))
        batcher.close()
        #expect(!batcher.isOver)
        batcher.finish(batch, with: .success(Self.echo(batch)))
        _ = try await embeddings
        #expect(batcher.problem(passLimit: .zero) == nil)
        #expect(batcher.isOver)
    }

    @Test("A pass that does not end is a problem once it has lasted too long, and none when it has ended")
    func hanging() async throws {
        let batcher = Batcher(limits: BatchLimits())
        #expect(batcher.problem(passLimit: .zero) == nil)
        async let embeddings = batcher.embed(Self.images(1...1), lane: .images)
        let batch = try #require(await Self.nextBatch(of: batcher))
        #expect(batcher.problem(passLimit: .seconds(600)) == nil)
        #expect(batcher.problem(passLimit: .zero)?.hasPrefix("a forward pass has not ended for ") == true)
        batcher.finish(batch, with: .success(Self.echo(batch)))
        _ = try await embeddings
        #expect(batcher.problem(passLimit: .zero) == nil)
        batcher.close()
    }
}
