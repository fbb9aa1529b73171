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
    func regulars() {
        var clients = rounds(answers: 2, back: 2, after: 0.5)
        #expect(clients.wait(at: after(80)) == .microseconds(1_500))
        let rest = clients.wait(at: after(81.25)) ?? .zero
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
        for round in 0..<10 {
            clients.answer(1, after: .milliseconds(60), at: after(Double(round) * 100))
            clients.arrive(at: after(Double(round) * 100 + 1))
        }
        clients.answer(1, after: .milliseconds(60), at: after(1_000))
        #expect(clients.wait(at: after(1_000)) == .milliseconds(2))
    }

    @Test("After a pass that was shorter than most, the wait is shorter")
    func shortPasses() {
        var clients = rounds(answers: 2, back: 2, after: 0.5)
        clients.arrive(at: after(80.5))
        clients.arrive(at: after(80.5))
        clients.answer(2, after: .milliseconds(2), at: after(90))
        #expect(clients.wait(at: after(90)) == .microseconds(500))
    }

    @Test("The same captions are not left for longer, however many answers are given meanwhile")
    func manyThreads() {
        var clients = rounds(answers: 2, back: 2, after: 0.5)
        #expect(clients.wait(at: after(81)) == .microseconds(500))
        for moment in [81.2, 81.4, 82.5, 84] {
            clients.answer(2, after: .milliseconds(6), at: after(moment))
            #expect((clients.wait(at: after(moment)) != nil) == (moment < 81.5), "\(moment)")
        }
        clients.begin()
        #expect(clients.wait(at: after(84)) == .microseconds(1_500), "Those that came later may wait.")
    }

    @Test("Strangers are not waited for, nor those who think before they ask again")
    func strangers() {
        func waits(_ clients: ReturningClients, _ moment: Double) -> Bool {
            var clients = clients
            return clients.wait(at: after(moment)) != nil
        }
        #expect(!waits(ReturningClients(), 0))
        #expect(!waits(rounds(answers: 2, back: 0, after: 0.5), 80))
        #expect(!waits(rounds(answers: 4, back: 1, after: 0.5), 80))
        #expect(!waits(rounds(answers: 2, back: 2, after: 3), 80))
        let six = rounds(3, answers: 2, back: 2, after: 0.5)
        #expect(!waits(six, 30), "Six are too few to tell.")
    }

    @Test("Those who stop coming back are soon not waited for, and are again when they do")
    func changing() {
        var clients = rounds(40, answers: 2, back: 2, after: 0.5)
        var time = 400.0
        func goOn(_ back: Int) -> Int {
            for round in 1...100 {
                for _ in 0..<back { clients.arrive(at: after(time + 0.5)) }
                time += 10
                clients.begin()
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
        clients.answer(0, after: .milliseconds(6), at: after(80.5))
        clients.answer(1, after: .milliseconds(6), at: after(81))
        clients.arrive(at: after(81.2))
        clients.arrive(at: after(81.3))
        #expect(clients.wait(at: after(81.5)) != nil, "Three were answered, and two are back.")
        clients.arrive(at: after(81.4))
        #expect(clients.wait(at: after(81.5)) == nil)
    }
}
