import CLIPEngine
import CLIPTestSupport
import Synchronization
import Testing

@Suite("Label sets that are kept", .timeLimit(.minutes(1)))
struct LabelCacheTests {
    private static let hash = ContentHash.Key(low: 1, high: 2)

    private static func key(_ content: UInt8 = 0, ticket: Int = 1) -> LabelCache.Key {
        LabelCache.Key(ticket: ticket, contents: ContentHash(of: [content], key: hash))
    }

    private static func table(_ rows: Int = 1) -> EmbeddingTable {
        var table = EmbeddingTable()
        for row in 0..<rows { table.append(Embedding(values: [1, Float(row)])) }
        return table
    }

    /// Computes that begin and end when the test says so.
    private final class Work: Sendable {
        private let state = Mutex<(begun: Int, waiting: [CheckedContinuation<Bool, Never>])>((0, []))

        var begun: Int { state.withLock { $0.begun } }

        func table() async throws(EmbeddingError) -> EmbeddingTable {
            let isGood = await withCheckedContinuation { continuation in
                state.withLock { state in
                    state.begun += 1
                    state.waiting.append(continuation)
                }
            }
            guard isGood else { throw .failed("on purpose") }
            return LabelCacheTests.table()
        }

        /// Ends the one that began first.
        func end(well isGood: Bool = true) {
            state.withLock { $0.waiting.removeFirst() }.resume(returning: isGood)
        }
    }

    private func start(
        _ cache: LabelCache,
        _ work: Work,
        client: String? = nil
    ) -> Task<Int, any Error> {
        Task {
            try await cache.directions(for: Self.key(), client: client) { () async throws(EmbeddingError) in
                try await work.table()
            }.count
        }
    }

    @Test("A set is computed once for all who ask meanwhile, and known afterwards")
    func once() async throws {
        let (cache, work) = (LabelCache(limit: 1 << 20, patience: .seconds(600)), Work())
        let first = start(cache, work)
        try await eventually { work.begun == 1 }
        let others = ["a", "b", nil].map { start(cache, work, client: $0) }
        try await eventually { cache.waiterCount == 3 }
        work.end()
        for task in [first] + others { #expect(try await task.value == 1) }
        #expect(try await start(cache, work).value == 1)
        #expect(work.begun == 1 && cache.count == 1 && cache.byteCount > 0)
    }

    @Test("A failure is nobody else's: one of those who wait computes it, the others wait for that one")
    func failure() async throws {
        let (cache, work) = (LabelCache(limit: 1 << 20, patience: .seconds(600)), Work())
        let first = start(cache, work)
        try await eventually { work.begun == 1 }
        let others = (0..<3).map { _ in start(cache, work) }
        try await eventually { cache.waiterCount == 3 }
        work.end(well: false)
        await #expect(throws: EmbeddingError.failed("on purpose")) { try await first.value }
        try await eventually { work.begun == 2 && cache.waiterCount == 2 }
        work.end()
        for task in others { #expect(try await task.value == 1) }
        #expect(work.begun == 2)
    }

    @Test("Who leaves while waiting is told at once, and disturbs nobody")
    func leaving() async throws {
        let (cache, work) = (LabelCache(limit: 1 << 20), Work())
        let first = start(cache, work)
        try await eventually { work.begun == 1 }
        let other = start(cache, work)
        try await eventually { cache.waiterCount == 1 }
        other.cancel()
        await #expect(throws: EmbeddingError.cancelled) { try await other.value }
        #expect(cache.waiterCount == 0)
        work.end()
        #expect(try await first.value == 1)
    }

    @Test("What another client computes for too long, one of those who wait computes for all of them")
    func patience() async throws {
        let (cache, work) = (LabelCache(limit: 1 << 20, patience: .milliseconds(50)), Work())
        let first = start(cache, work, client: "slow")
        try await eventually { work.begun == 1 }
        let own = start(cache, work, client: "slow")
        try await eventually { cache.waiterCount == 1 }
        let other = start(cache, work, client: "other")
        try await eventually { work.begun == 2 }
        // The first to be there ends the wait of all.
        work.end()
        #expect(try await first.value == 1)
        #expect(try await own.value == 1)
        work.end()
        #expect(try await other.value == 1)
        #expect(cache.count == 1 && cache.waiterCount == 0)
    }

    @Test("What was not used for longest goes first, and a model's sets go with it")
    func bounds() async throws {
        let size = 100 * 2 * 4 + 200
        let cache = LabelCache(limit: 3 * size)
        func ask(_ content: UInt8, ticket: Int = 1, rows: Int = 100) async throws -> Bool {
            let isComputed = Mutex(false)
            _ = try await cache.directions(for: Self.key(content, ticket: ticket)) {
                isComputed.withLock { $0 = true }
                return Self.table(rows)
            }
            return isComputed.withLock { $0 }
        }
        for content: UInt8 in 0..<3 { #expect(try await ask(content)) }
        #expect(try await !ask(0))
        #expect(try await ask(3))
        #expect(try await !ask(0))
        #expect(try await ask(1))
        #expect(cache.count == 3 && cache.byteCount <= 3 * size)
        // One that is too large is computed, and not kept.
        #expect(try await ask(9, rows: 1_000))
        #expect(try await ask(9, rows: 1_000))
        #expect(cache.count == 3)
        #expect(try await ask(0, ticket: 2))
        cache.remove(ofLoads: [1])
        #expect(cache.count == 1)
        #expect(try await !ask(0, ticket: 2))
        cache.removeAll()
        #expect(cache.count == 0 && cache.byteCount == 0)
    }

    @Test("With a limit of 0 nothing is kept or shared")
    func off() async throws {
        let (cache, work) = (LabelCache(limit: 0), Work())
        let tasks = (0..<2).map { _ in start(cache, work) }
        try await eventually { work.begun == 2 }
        work.end()
        work.end()
        for task in tasks { #expect(try await task.value == 1) }
        #expect(cache.count == 0)
    }
}
