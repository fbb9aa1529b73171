import CLIPEngine
import Testing

@Suite("Admission")
struct AdmissionGateTests {
    private typealias Demand = AdmissionPlan.Demand

    @Test("A request is turned away at once when the places are taken, and let in when there is one again")
    func places() async throws {
        let gate = AdmissionGate(places: 4, cores: 1)
        for _ in 1...4 { try await gate.enter(Demand(items: 1)) }
        await #expect(throws: EmbeddingError.overloaded(retryAfterSeconds: 1)) {
            try await gate.enter(Demand(items: 1))
        }
        gate.leave(Demand(items: 1))
        try await gate.enter(Demand(items: 1))
    }

    @Test("Lists wait in turn for three quarters of the places, and single requests still get in")
    func lists() async throws {
        var plan = AdmissionPlan(places: 8, cores: 1)
        let list = Demand(items: 4000, isList: true)
        for id in 1...3 { #expect(plan.enter(list, id: id) == .admitted) }
        for id in 4...6 { #expect(plan.enter(list, id: id) == .waits) }
        #expect(plan.enter(Demand(items: 1), id: 0) == .admitted)
        #expect(plan.enter(Demand(items: 1), id: 0) == .admitted)
        #expect(plan.enter(Demand(items: 1), id: 0) == .refused(after: 0))
        #expect(plan.leave(list) == [4])
        #expect(plan.cancel(5) == [])
        #expect(plan.leave(list) == [6])
    }

    @Test("A list that waits is let in when another leaves, and a cancelled one is forgotten")
    func waiting() async throws {
        let gate = AdmissionGate(places: 4, cores: 1)
        let list = Demand(items: 100, isList: true)
        for _ in 1...3 { try await gate.enter(list) }
        let cancelled = Task { try await gate.enter(list) }
        let waiting = Task { try await gate.enter(list) }
        cancelled.cancel()
        await #expect(throws: EmbeddingError.cancelled) { try await cancelled.value }
        gate.leave(list)
        try await waiting.value
        gate.leave(list)
        gate.leave(list)
        gate.leave(list)
        // All places are free again.
        for _ in 1...4 { try await gate.enter(Demand(items: 1)) }
    }

    @Test(
        "What could not be finished in its sender's time is refused at once, with the time that the queue will take"
    )
    func deadlines() {
        var plan = AdmissionPlan(places: 1000, cores: 2)
        // Two seconds of work on two cores take one.
        for _ in 0..<20 { #expect(plan.enter(Demand(items: 1, work: 0.1), id: 0, patience: 10) == .admitted) }
        #expect(abs(plan.backlog(withLists: false) - 1) < 1e-9)
        guard case .refused(let seconds) = plan.enter(Demand(items: 1, work: 0.1), id: 0, patience: 1.2)
        else {
            Issue.record("It was let in.")
            return
        }
        #expect(abs(seconds - 1) < 1e-9)
        #expect(plan.enter(Demand(items: 1, work: 0.1), id: 0, patience: 2) == .admitted)
        // Without a deadline nothing is refused for its work, and with nothing waiting neither.
        #expect(plan.enter(Demand(items: 1, work: 100), id: 0) == .admitted)
        var idle = AdmissionPlan(places: 1000, cores: 2)
        #expect(idle.enter(Demand(items: 1, work: 100), id: 0, patience: 1) == .admitted)
    }

    @Test("However much one client asks for, another's requests and lists get in")
    func shares() {
        var plan = AdmissionPlan(places: 1024, cores: 1)
        func fill(_ demand: Demand) -> Int {
            var count = 0
            while plan.enter(demand, id: count) == .admitted, count < 5000 { count += 1 }
            return count
        }
        // Half of the places, and then a quarter more with very few items each.
        #expect(fill(Demand(items: 64, client: "crowd")) == 8)
        #expect(fill(Demand(items: 1, client: "crowd")) == 256)
        #expect(plan.enter(Demand(items: 1, client: "other"), id: 0) == .admitted)
        #expect(fill(Demand(items: 64, client: "other")) == 1)
        // However many clients there are, an eighth is left for requests of very few items.
        for number in 0..<100 { _ = fill(Demand(items: 64, client: "crowd of \(number)")) }
        #expect(plan.enter(Demand(items: 64, client: "last"), id: 0) != .admitted)
        #expect(fill(Demand(items: 1, client: "last")) >= 32)

        var lists = AdmissionPlan(places: 64, cores: 1)
        let list = Demand(items: 4000, work: 5, isList: true, client: "crowd")
        var waiting = 0
        for id in 1...1000 where lists.enter(list, id: id, patience: 300) == .waits { waiting += 1 }
        #expect(waiting < 128)
        let other = Demand(items: 4000, work: 5, isList: true, client: "other")
        #expect(lists.enter(other, id: 2000, patience: 300) == .waits)
        #expect(lists.leave(list).count == 1)
        #expect(lists.leave(list) == [2000])
    }

    @Test("No client has more of the time that may be waited than it leaves for others")
    func times() {
        var plan = AdmissionPlan(places: 1024, cores: 1, longestQueue: 15)
        func fill(_ demand: Demand) -> Double {
            while plan.enter(demand, id: 0) == .admitted {}
            return plan.backlog(withLists: false)
        }
        #expect(fill(Demand(items: 16, work: 1, client: "crowd")) <= 9)
        #expect(fill(Demand(items: 1, work: 0.1, client: "crowd")) <= 12)
        #expect(plan.enter(Demand(items: 1, work: 0.1, client: "other"), id: 0) == .admitted)
    }

    @Test("A client that asks for less waits for its share of others' work, not for all of it")
    func clients() {
        var plan = AdmissionPlan(places: 1000, cores: 1)
        func wait(_ work: Double, client: String?) -> Double {
            guard
                case .refused(let seconds) = plan.enter(
                    Demand(items: 1, work: work, client: client),
                    id: 0,
                    patience: 0
                )
            else { return 0 }
            return seconds
        }
        for (client, work) in [("a", 8.0), ("b", 2), ("c", 0.5)] {
            #expect(plan.enter(Demand(items: 1, work: work, client: client), id: 0) == .admitted)
        }
        #expect(plan.enter(Demand(items: 1, work: 1), id: 0) == .admitted)
        // Beside one second of its own it has one of `a`, `b` and nobody's, and all of `c`.
        #expect(abs(wait(1, client: "d") - 3.5) < 1e-9)
        // With what it has in hand: 3 s, and all of the others' but `a`'s.
        #expect(abs(wait(1, client: "b") - (2 + 3 + 0.5 + 1)) < 1e-9)
        #expect(abs(wait(1, client: "a") - 11.5) < 1e-9)
        #expect(abs(wait(1, client: nil) - 11.5) < 1e-9)
    }

    @Test("Work that is done before its request is counts no more")
    func progress() {
        var plan = AdmissionPlan(places: 1000, cores: 2)
        var demand = Demand(items: 10, work: 10, client: "a")
        #expect(plan.enter(demand, id: 0) == .admitted)
        #expect(plan.enter(Demand(items: 1, work: 2), id: 0) == .admitted)
        plan.progress(demand, by: 4)
        demand.finish(4)
        #expect(abs(plan.backlog(withLists: false) - 4) < 1e-9)
        #expect(abs(demand.workOfItem - 1) < 1e-9)
        _ = plan.leave(demand)
        #expect(abs(plan.backlog(withLists: false) - 1) < 1e-9)
    }

    @Test("Where there is one place, a list that has it leaves one for others")
    func onePlace() {
        var plan = AdmissionPlan(places: 1, cores: 1)
        #expect(plan.enter(Demand(items: 100, isList: true), id: 1) == .admitted)
        #expect(plan.enter(Demand(items: 1), id: 0) == .admitted)
        #expect(plan.enter(Demand(items: 1), id: 0) == .refused(after: 0))
    }

    @Test("Places and work are back to nothing after any order of arrivals, departures and cancellations")
    func balance() {
        var generator = SystemRandomNumberGenerator()
        var plan = AdmissionPlan(places: 64, cores: 2)
        var inside: [Demand] = []
        var waiting: [Int: Demand] = [:]
        for id in 1...3000 {
            switch Int.random(in: 0..<5, using: &generator) {
            case 0, 1:
                let demand = Demand(
                    items: .random(in: 1...200, using: &generator),
                    work: .random(in: 0...1, using: &generator),
                    isList: .random(using: &generator),
                    client: ["a", "b", nil].randomElement(using: &generator)!
                )
                switch plan.enter(demand, id: id) {
                case .admitted: inside.append(demand)
                case .waits: waiting[id] = demand
                case .refused: break
                }
            case 2:
                guard let id = waiting.keys.randomElement(using: &generator) else { continue }
                waiting[id] = nil
                for admitted in plan.cancel(id) { inside.append(waiting.removeValue(forKey: admitted)!) }
            default:
                guard !inside.isEmpty else { continue }
                let demand = inside.remove(at: .random(in: inside.indices, using: &generator))
                for admitted in plan.leave(demand) { inside.append(waiting.removeValue(forKey: admitted)!) }
            }
        }
        while let demand = inside.popLast() {
            for admitted in plan.leave(demand) { inside.append(waiting.removeValue(forKey: admitted)!) }
        }
        #expect(waiting.isEmpty)
        #expect(plan.backlog(withLists: true) == 0)
        for id in 0..<64 { #expect(plan.enter(Demand(items: 1), id: id) == .admitted) }
    }
}
