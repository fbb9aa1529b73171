import CLIPEngine
import Testing

@Suite("The shelf of models: what comes, stays and leaves")
struct ModelShelfTests {
    private typealias Shelf = ModelShelf
    private let start = ContinuousClock.now

    private func time(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private func shelf(
        memory: Int? = nil,
        idle: Duration? = nil,
        mostFetching: Int = 32
    ) -> ModelShelf {
        ModelShelf(
            limits: ModelShelf.Limits(memory: memory, idleTime: idle, mostFetching: mostFetching),
            pinned: "default"
        )
    }

    /// Loads a model that there is room for, at a time at which it is also used.
    @discardableResult
    private func load(
        _ name: String,
        _ byteCount: Int,
        at seconds: Int,
        _ shelf: inout ModelShelf,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> Int {
        guard case .load(let ticket) = shelf.ask(for: name, at: time(seconds)) else {
            Issue.record("\(name) is there already.", sourceLocation: sourceLocation)
            return 0
        }
        #expect(
            shelf.reserve(byteCount, for: name, ticket: ticket) == .granted,
            sourceLocation: sourceLocation
        )
        shelf.loaded(name, ticket: ticket, byteCount: byteCount, borrowers: 0, at: time(seconds))
        return ticket
    }

    @Test("The first who asks begins the load, the others wait for it, and then all use it")
    func sharedLoad() {
        var shelf = shelf()
        #expect(shelf.ask(for: "a", at: time(0)) == .load(ticket: 1))
        #expect(shelf.ask(for: "a", at: time(1)) == .wait(ticket: 1))
        #expect(shelf.ask(for: "b", at: time(1)) == .load(ticket: 2))
        #expect(shelf.coming == ["a", "b"] && shelf.tickets == [:])
        shelf.loaded("a", ticket: 1, byteCount: 10, borrowers: 2, at: time(2))
        #expect(shelf.ask(for: "a", at: time(3)) == .use(ticket: 1))
        #expect(shelf.tickets == ["a": 1] && shelf.byteCount == 10)
    }

    @Test("What was not used for longest leaves first, and the default model never")
    func evictionOrder() {
        var shelf = shelf(memory: 100)
        load("default", 40, at: 0, &shelf)
        let first = load("a", 20, at: 1, &shelf)
        let second = load("b", 20, at: 2, &shelf)
        load("c", 20, at: 3, &shelf)
        // a is used after b.
        #expect(shelf.use("a", at: time(4)) == first)
        shelf.giveBack("a", ticket: first, at: time(5))
        guard case .load(let ticket) = shelf.ask(for: "d", at: time(6)) else { return _ = Issue.record() }
        #expect(shelf.reserve(15, for: "d", ticket: ticket) == .waits(leaving: [second]))
        #expect(shelf.reserve(15, for: "d", ticket: ticket) == .waits(leaving: []), "It has not ended yet.")
        shelf.ended(ticket: second)
        #expect(shelf.reserve(15, for: "d", ticket: ticket) == .granted)
        #expect(shelf.byteCount == 95)
        shelf.loaded("d", ticket: ticket, byteCount: 15, borrowers: 0, at: time(7))

        // All but the default leave, in order, for one that needs all that is left.
        guard case .load(let last) = shelf.ask(for: "e", at: time(8)) else { return _ = Issue.record() }
        #expect(shelf.reserve(60, for: "e", ticket: last) == .waits(leaving: [4, first, ticket]))
        #expect(shelf.tickets == ["default": 1])
    }

    @Test("A model that requests have leaves after those that none has, and counts until it has ended")
    func inFlight() {
        var shelf = shelf(memory: 40)
        let busy = load("a", 20, at: 0, &shelf)
        let idle = load("b", 20, at: 1, &shelf)
        #expect(shelf.use("a", at: time(2)) == busy)
        #expect(shelf.use("b", at: time(3)) == idle)
        shelf.giveBack("b", ticket: idle, at: time(4))
        guard case .load(let ticket) = shelf.ask(for: "c", at: time(5)) else { return _ = Issue.record() }
        #expect(shelf.reserve(20, for: "c", ticket: ticket) == .waits(leaving: [idle]))
        shelf.ended(ticket: idle)
        #expect(shelf.reserve(20, for: "c", ticket: ticket) == .granted)
        shelf.loaded("c", ticket: ticket, byteCount: 20, borrowers: 1, at: time(6))

        // Both are had by requests: the one that has been for longer leaves, and its bytes with it.
        guard case .load(let last) = shelf.ask(for: "d", at: time(7)) else { return _ = Issue.record() }
        #expect(shelf.reserve(10, for: "d", ticket: last) == .waits(leaving: [busy]))
        #expect(shelf.byteCount == 40)
        // Who gives it back now cannot bring it back, nor free what others count on.
        shelf.giveBack("a", ticket: busy, at: time(8))
        #expect(shelf.reserve(10, for: "d", ticket: last) == .waits(leaving: []))
        shelf.ended(ticket: busy)
        #expect(shelf.reserve(10, for: "d", ticket: last) == .granted && shelf.byteCount == 30)
    }

    @Test("Two loads at once do not take more together than there is")
    func twoLoads() {
        var shelf = shelf(memory: 30)
        guard case .load(let one) = shelf.ask(for: "a", at: time(0)),
            case .load(let other) = shelf.ask(for: "b", at: time(0))
        else { return _ = Issue.record() }
        #expect(shelf.reserve(20, for: "a", ticket: one) == .granted)
        #expect(shelf.reserve(20, for: "b", ticket: other) == .waits(leaving: []))
        shelf.loaded("a", ticket: one, byteCount: 20, borrowers: 1, at: time(1))
        #expect(shelf.reserve(20, for: "b", ticket: other) == .waits(leaving: [one]))
        shelf.ended(ticket: one)
        #expect(shelf.reserve(20, for: "b", ticket: other) == .granted)
        #expect(shelf.byteCount == 20)
    }

    @Test("What does not fit alone, or beside the default model, is refused with the figures")
    func tooLarge() {
        var shelf = shelf(memory: 100)
        load("default", 60, at: 0, &shelf)
        guard case .load(let ticket) = shelf.ask(for: "a", at: time(1)) else { return _ = Issue.record() }
        let refusal = EmbeddingError.modelTooLarge(name: "a", bytes: 41, beside: 60, limit: 100)
        #expect(shelf.reserve(41, for: "a", ticket: ticket) == .refused(refusal))
        #expect(refusal.description.contains("--model-memory"))
        // Also while the default model is away: there has to be room for it when it comes back.
        #expect(shelf.remove("default") == 1)
        shelf.ended(ticket: 1)
        #expect(shelf.reserve(41, for: "a", ticket: ticket) == .refused(refusal))
        #expect(shelf.reserve(40, for: "a", ticket: ticket) == .granted)
    }

    @Test("At start those come first that are named first, as far as there is room")
    func atStart() throws {
        let models = [("a", 50), ("b", 30), ("c", 30), ("d", 20)].map { (name: $0.0, byteCount: $0.1) }
        #expect(try Shelf.chosenAtStart(of: models, limit: nil) == [0, 1, 2, 3])
        #expect(try Shelf.chosenAtStart(of: models, limit: 100) == [0, 1, 3])
        #expect(try Shelf.chosenAtStart(of: models, limit: 80) == [0, 1])
        #expect(throws: EmbeddingError.modelTooLarge(name: "b", bytes: 30, beside: 50, limit: 79)) {
            try Shelf.chosenAtStart(of: models, limit: 79)
        }
        #expect(throws: EmbeddingError.modelTooLarge(name: "a", bytes: 50, beside: 0, limit: 49)) {
            try Shelf.chosenAtStart(of: models, limit: 49)
        }
    }

    @Test("A failure is told to others for a while, and then tried anew; an operator tries at once")
    func failure() {
        var shelf = shelf(memory: 100)
        let error = EmbeddingError.modelNotFetched(name: "a", cause: "The host is gone.")
        #expect(shelf.ask(for: "a", at: time(0)) == .load(ticket: 1))
        #expect(shelf.reserve(50, for: "a", ticket: 1) == .granted)
        shelf.failed("a", ticket: 1, with: error, at: time(1))
        #expect(shelf.byteCount == 0, "Nothing is kept of it.")
        #expect(shelf.ask(for: "a", at: time(1)) == .refuse(.heldOff(error, retryAfterSeconds: 10)))
        #expect(shelf.ask(for: "a", at: time(10)) == .refuse(.heldOff(error, retryAfterSeconds: 1)))
        #expect(shelf.ask(for: "b", at: time(10)) == .load(ticket: 2), "Another is none of its business.")
        var other = shelf
        #expect(other.ask(for: "a", at: time(2), triesAnew: true) == .load(ticket: 3))
        #expect(shelf.ask(for: "a", at: time(11)) == .load(ticket: 3))
        // The late word of the first load changes nothing.
        shelf.failed("a", ticket: 1, with: error, at: time(12))
        #expect(shelf.ask(for: "a", at: time(12)) == .wait(ticket: 3))
    }

    @Test("Whoever has the files says how long a failure is told, within the bounds of sense")
    func wantedPause() {
        for (seconds, expected) in [(250, 250), (3, 10), (.max, 3600), (-5, 10), (0, 10)] {
            var shelf = shelf()
            let error = EmbeddingError.modelNotFetched(
                name: "a",
                cause: "Too much.",
                .passing(retryAfterSeconds: seconds)
            )
            #expect(shelf.ask(for: "a", at: time(0)) == .load(ticket: 1))
            shelf.failed("a", ticket: 1, with: error, at: time(0))
            #expect(shelf.ask(for: "a", at: time(0)) == .refuse(.heldOff(error, retryAfterSeconds: expected)))
            #expect(shelf.ask(for: "a", at: time(expected)) == .load(ticket: 2))
        }
    }

    @Test("Only so many loads are under way at once that have to fetch, and others pass them")
    func mostFetching() {
        var shelf = shelf(mostFetching: 2)
        #expect(shelf.ask(for: "a", at: time(0)) == .load(ticket: 1))
        #expect(shelf.ask(for: "b", at: time(0)) == .load(ticket: 2))
        #expect(shelf.ask(for: "a", at: time(0)) == .wait(ticket: 1))
        let refusal = ModelShelf.Step.refuse(.tooManyLoads(limit: 2, retryAfterSeconds: 10))
        #expect(shelf.ask(for: "c", at: time(0)) == refusal)
        #expect(shelf.ask(for: "here", at: time(0), passes: true) == .load(ticket: 3))
        #expect(shelf.ask(for: "c", at: time(0)) == refusal, "It took nobody's room.")
        // What is still to be loaded does not count, once its files are there.
        shelf.found("b", ticket: 1)
        #expect(shelf.ask(for: "c", at: time(0)) == refusal)
        shelf.found("a", ticket: 1)
        #expect(shelf.ask(for: "c", at: time(0)) == .load(ticket: 4))
        shelf.withdraw("b", ticket: 2)
        #expect(shelf.ask(for: "d", at: time(1)) == .load(ticket: 5))
        #expect(shelf.coming == ["a", "c", "d", "here"])
    }

    @Test(
        "Each time in a row that what comes is corrupt is told for twice as long, and forgotten after a while"
    )
    func corruption() {
        var shelf = shelf()
        let error = EmbeddingError.modelNotFetched(name: "a", cause: "Other bytes.", .corrupt)
        var now = 0
        func fail(expecting seconds: Int) {
            guard case .load(let ticket) = shelf.ask(for: "a", at: time(now)) else {
                return _ = Issue.record()
            }
            shelf.failed("a", ticket: ticket, with: error, at: time(now))
            #expect(
                shelf.ask(for: "a", at: time(now)) == .refuse(.heldOff(error, retryAfterSeconds: seconds))
            )
            now += seconds
        }
        for seconds in [10, 20, 40, 80, 160, 320, 600, 600] { fail(expecting: seconds) }
        now += 599
        fail(expecting: 600)
        now += 600
        fail(expecting: 10)
    }

    @Test(
        "A default model that could not be had is lacking until it has come, and is tried again less and less often"
    )
    func lackingDefault() {
        var shelf = shelf()
        #expect(!shelf.lacksPinned && shelf.nextTry == nil)
        let error = EmbeddingError.modelNotFetched(name: "default", cause: "The host is gone.")
        var now = 0
        for (number, pause) in [10, 20, 30, 40, 50, 60, 60, 60].enumerated() {
            #expect(shelf.ask(for: "default", at: time(now), passes: true) == .load(ticket: number + 1))
            #expect(shelf.nextTry == nil && shelf.lacksPinned == (number > 0))
            shelf.failed("default", ticket: number + 1, with: error, at: time(now))
            #expect(shelf.lacksPinned && shelf.nextTry == time(now + pause))
            now += pause
        }
        #expect(shelf.ask(for: "default", at: time(now)) == .load(ticket: 9))
        shelf.loaded("default", ticket: 9, byteCount: 1, borrowers: 0, at: time(now))
        #expect(!shelf.lacksPinned && shelf.nextTry == nil)
        #expect(shelf.remove("default") == 9 && !shelf.lacksPinned)
    }

    @Test(
        "Who is not asked for leaves after the idle time, the default model too; who is had by a request does not"
    )
    func idleness() {
        var shelf = shelf(idle: .seconds(60))
        #expect(shelf.nextIdle == nil)
        let pinned = load("default", 1, at: 0, &shelf)
        let busy = load("a", 1, at: 0, &shelf)
        let late = load("b", 1, at: 30, &shelf)
        #expect(shelf.use("a", at: time(1)) == busy)
        #expect(shelf.nextIdle == time(60))
        #expect(shelf.removeIdle(at: time(59)) == [])
        #expect(shelf.removeIdle(at: time(60)) == [pinned])
        #expect(shelf.nextIdle == time(90))
        #expect(shelf.removeIdle(at: time(90)) == [late])
        #expect(shelf.nextIdle == nil && shelf.removeIdle(at: time(1000)) == [])
        shelf.giveBack("a", ticket: busy, at: time(1000))
        #expect(shelf.removeIdle(at: time(1059)) == [])
        #expect(shelf.removeIdle(at: time(1060)) == [busy])
        #expect(shelf.ask(for: "a", at: time(1061)) == .load(ticket: 4), "It comes back when asked for.")
        #expect(shelf.byteCount == 3, "None of them has ended.")
    }

    @Test("A load that is under way is not removed")
    func removal() {
        var shelf = shelf()
        #expect(shelf.remove("a") == nil)
        #expect(shelf.ask(for: "a", at: time(0)) == .load(ticket: 1))
        #expect(shelf.remove("a") == nil)
        shelf.loaded("a", ticket: 1, byteCount: 5, borrowers: 1, at: time(0))
        #expect(shelf.remove("a") == 1 && shelf.remove("a") == nil)
        #expect(shelf.byteCount == 5)
        shelf.ended(ticket: 1)
        #expect(shelf.byteCount == 0)
    }

    @Test("Whatever is asked for in whatever order, there is never more than fits, and everybody is served")
    func property() {
        var random = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: .min ... .max, using: &random)
        var state = seed
        func next(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        var shelf = shelf(memory: 100)
        var had: [(name: String, ticket: Int)] = []
        /// Models that were let go of, with the requests that still have them.
        var leaving: Set<Int> = []
        var coming: [(name: String, ticket: Int)] = []
        let names = ["default", "a", "b", "c", "d", "e"]
        let sizes = ["default": 30, "a": 10, "b": 20, "c": 30, "d": 50, "e": 70]
        var loads = 0
        for step in 0..<20_000 {
            switch next(4) {
            case 0, 1:
                let name = names[next(names.count)]
                switch shelf.ask(for: name, at: time(step)) {
                case .use(let ticket): had.append((name, ticket))
                case .load(let ticket): coming.append((name, ticket))
                case .wait: break
                case .refuse(let error): Issue.record("\(error), seed \(seed)")
                }
            case 2 where !had.isEmpty:
                let (name, ticket) = had.remove(at: next(had.count))
                shelf.giveBack(name, ticket: ticket, at: time(step))
            default:
                for ticket in leaving where !had.contains(where: { $0.ticket == ticket }) {
                    leaving.remove(ticket)
                    shelf.ended(ticket: ticket)
                }
            }
            // One load at a time, as the registry has it.
            if let (name, ticket) = coming.first, let size = sizes[name] {
                switch shelf.reserve(size, for: name, ticket: ticket) {
                case .granted:
                    coming.removeFirst()
                    shelf.loaded(name, ticket: ticket, byteCount: size, borrowers: 0, at: time(step))
                    loads += 1
                case .waits(let gone): leaving.formUnion(gone)
                case .refused(let error): Issue.record("\(error), seed \(seed)")
                }
            }
            #expect(shelf.byteCount <= 100, "seed \(seed)")
        }
        #expect(loads > 100, "seed \(seed)")
    }
}
