import CLIPKernels
import CLIPTestSupport
import Synchronization
import Testing

@Suite("A pass that threads share", .timeLimit(.minutes(5)))
struct PassShareTests {
    /// Runs a body on one thread for each member, and gives what each of them gave.
    private func run<Value: Sendable>(
        _ count: Int,
        _ body: @escaping @Sendable (PassShare) -> Value
    ) async -> [Value] {
        let team = PassTeam(count: count)
        return await Threads.run(count) { body(team.share($0)) }
    }

    @Test("The parts are all rows, once each", arguments: [1, 2, 3, 5, 8], [0, 1, 2, 7, 50])
    func rows(count: Int, total: Int) {
        let shares = count == 1 ? [.whole] : (0..<count).map { PassTeam(count: count).share($0) }
        #expect(shares.flatMap { Array($0.rows(of: total)) } == Array(0..<total))
    }

    @Test("Nobody goes on before all have come, two hundred times", arguments: [2, 3, 5])
    func meetings(count: Int) async {
        let arrivals = Atomic(0)
        let results = await run(count) { share in
            for round in 1...200 {
                arrivals.add(1, ordering: .acquiringAndReleasing)
                do { try share.meet() } catch { return false }
                if arrivals.load(ordering: .acquiring) < round * count { return false }
                do { try share.meet() } catch { return false }
            }
            return true
        }
        #expect(results == Array(repeating: true, count: count))
    }

    @Test("Whoever comes long after the others wakes them, whoever that is", arguments: [2, 3])
    func latecomers(count: Int) async {
        let results = await run(count) { share in
            for round in 0..<40 {
                if round % count == share.index {
                    // Longer than anyone looks around before sleeping.
                    let end = ContinuousClock.now + .milliseconds(3)
                    while ContinuousClock.now < end {}
                }
                do { try share.meet() } catch { return false }
            }
            return true
        }
        #expect(results == Array(repeating: true, count: count))
    }

    @Test("All see the same memory, matrix after matrix")
    func memory() async throws {
        let results = await run(3) { share -> Bool in
            do {
                let context = try ComputeContext(engine: ComputeEngine())
                for round in 0..<50 {
                    let matrix = try share.matrix(rows: 3, width: 4, in: context)
                    matrix.row(share.index)[0] = Float(round * 3 + share.index)
                    try share.meet()
                    guard (0..<3).allSatisfy({ matrix.row($0)[0] == Float(round * 3 + $0) }) else {
                        return false
                    }
                    try share.meet()
                }
                return true
            } catch {
                return false
            }
        }
        #expect(results == [true, true, true])
    }

    @Test("One that cannot go on sends the others home")
    func abandonment() async {
        let results = await run(3) { share -> KernelError? in
            do throws(KernelError) {
                try share.meet()
                if share.index == 1 {
                    share.abandon()
                    return nil
                }
                try share.meet()
                return nil
            } catch {
                return error
            }
        }
        #expect(results == [.abandoned, nil, .abandoned])
    }
}
