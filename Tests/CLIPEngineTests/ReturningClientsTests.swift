import CLIPEngine
import CLIPTestSupport
import Foundation
import Testing

@Suite("Clients that come back at once", .timeLimit(.minutes(5)))
struct ReturningClientsTests {
    private let start = ContinuousClock.now

    private func after(_ milliseconds: Double) -> ContinuousClock.Instant {
        start + .seconds(milliseconds / 1_000)
    }

    /// Rounds of passes of 6 ms, 10 ms apart, that answer so many, of which some are back after so many milliseconds.
    private func rounds(_ count: Int = 8, answers: Int, back: Int, after delay: Double) -> ReturningClients {
        var clients = ReturningClients()
        for round in 0..<count {
            clients.answer(answers, after: .milliseconds(6), at: after(Double(round) * 10))
            for _ in 0..<back { clients.arrive(at: after(Double(round) * 10 + delay)) }
        }
        clients.answer(answers, after: .milliseconds(6), at: after(Double(count) * 10))
        return clients
    }

    @Test("Those who come back are waited for, a quarter of a pass at most")
    func regulars() throws {
        var clients = rounds(answers: 2, back: 2, after: 0.5)
        #expect(clients.wait(at: after(80)) == .microseconds(1_500))
        let rest = try #require(clients.wait(at: after(81.25)))
        #expect(abs(rest / .microseconds(250) - 1) < 0.01)
        #expect(clients.wait(at: after(81.6)) == nil, "They are late.")
        clients.arrive(at: after(80.5))
        #expect(clients.wait(at: after(80.6)) != nil, "One more was answered.")
        clients.arrive(at: after(80.7))
        #expect(clients.wait(at: after(80.8)) == nil, "All are back.")
    }

    @Test("However long a pass is, the wait is short")
    func longPasses() {
        var clients = ReturningClients()
        for round in 0..<4 {
            clients.answer(1, after: .milliseconds(60), at: after(Double(round) * 100))
            clients.arrive(at: after(Double(round) * 100 + 1))
        }
        clients.answer(1, after: .milliseconds(60), at: after(400))
        #expect(clients.wait(at: after(400)) == .milliseconds(2))
    }

    @Test("Strangers are not waited for, nor those who think before they ask again")
    func strangers() {
        #expect(ReturningClients().wait(at: start) == nil)
        #expect(rounds(answers: 2, back: 0, after: 0.5).wait(at: after(80)) == nil)
        #expect(rounds(answers: 4, back: 1, after: 0.5).wait(at: after(80)) == nil)
        #expect(rounds(answers: 2, back: 2, after: 3).wait(at: after(80)) == nil)
        #expect(
            rounds(1, answers: 2, back: 1, after: 0.5).wait(at: after(10)) != nil,
            "Half of them is enough."
        )
    }

    @Test("Those who stop coming back are soon not waited for, and are again when they do")
    func changing() {
        var clients = rounds(40, answers: 2, back: 2, after: 0.5)
        var time = 400.0
        func goOn(_ back: Int) -> Int {
            for round in 1...100 {
                for _ in 0..<back { clients.arrive(at: after(time + 0.5)) }
                time += 10
                clients.answer(2, after: .milliseconds(6), at: after(time))
                if (clients.wait(at: after(time)) != nil) == (back > 0) { return round }
            }
            return 100
        }
        #expect(goOn(0) <= 16)
        #expect(goOn(2) <= 16)
    }

    @Test("What two threads answer shortly after one another is one answer")
    func twoThreads() {
        var clients = rounds(answers: 2, back: 2, after: 0.5)
        clients.answer(1, after: .milliseconds(6), at: after(81))
        clients.arrive(at: after(81.2))
        clients.arrive(at: after(81.3))
        #expect(clients.wait(at: after(81.5)) != nil, "Three were answered, and two are back.")
        clients.arrive(at: after(81.4))
        #expect(clients.wait(at: after(81.5)) == nil)
    }

    // MARK: In the batcher

    private static let text = Batcher.Payload.tokens([49406, 7, 49407])

    private static func next(of batcher: Batcher) async -> Batcher.Batch? {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: batcher.next()?.batch) }.start()
        }
    }

    private static func finish(_ batch: Batcher.Batch, in batcher: Batcher) {
        batcher.finish(batch, with: .success(batch.items.map { _ in Embedding(values: [1]) }))
    }

    /// Answers two clients twice, who are back before the pass after that; the next answer is theirs, too.
    private static func learn(_ batcher: Batcher) async throws {
        for _ in 0..<3 {
            async let one = batcher.embed([text], lane: .texts)
            async let other = batcher.embed([text], lane: .texts)
            try await eventually { batcher.waiting.texts == 2 }
            let batch = try #require(await next(of: batcher))
            #expect(batch.items.count == 2)
            finish(batch, in: batcher)
            _ = try await (one, other)
        }
    }

    @Test("Two clients who come back at once ride together, though the second is a moment later")
    func together() async throws {
        let patient = ReturningClients(patience: 1e9, longestWait: .seconds(120))
        let batcher = Batcher(limits: BatchLimits(), returning: patient)
        try await Self.learn(batcher)
        async let one = batcher.embed([Self.text], lane: .texts)
        try await eventually { batcher.waiting.texts == 1 }
        async let batch = Self.next(of: batcher)
        try await Task.sleep(for: .milliseconds(50))
        #expect(batcher.waiting.texts == 1, "It waits for the other client.")
        async let other = batcher.embed([Self.text], lane: .texts)
        let both = try #require(await batch)
        #expect(both.items.count == 2)
        Self.finish(both, in: batcher)
        _ = try await (one, other)
        batcher.close()
    }

    @Test("A picture, a list, and what is left when the server stops wait for nobody")
    func others() async throws {
        let patient = ReturningClients(patience: 1e9, longestWait: .seconds(120))
        let batcher = Batcher(limits: BatchLimits(), returning: patient)
        try await Self.learn(batcher)
        async let picture = batcher.embed([.pixels([1])], lane: .images)
        try await eventually { batcher.waiting.images == 1 }
        Self.finish(try #require(await Self.next(of: batcher)), in: batcher)
        _ = try await picture
        async let list = batcher.embed([Self.text], lane: .texts, isOfList: true)
        try await eventually { batcher.waiting.texts == 1 }
        Self.finish(try #require(await Self.next(of: batcher)), in: batcher)
        _ = try await list
        async let last = batcher.embed([Self.text], lane: .texts)
        try await eventually { batcher.waiting.texts == 1 }
        async let batch = Self.next(of: batcher)
        try await Task.sleep(for: .milliseconds(50))
        #expect(batcher.waiting.texts == 1)
        batcher.close()
        Self.finish(try #require(await batch), in: batcher)
        _ = try await last
    }
}
