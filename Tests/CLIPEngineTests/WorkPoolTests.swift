import CLIPEngine
import Synchronization
import Testing

@Suite("The work pool", .timeLimit(.minutes(5)))
struct WorkPoolTests {
    /// How many jobs run, and how many ran at most.
    private final class Counts: Sendable {
        let running = Atomic(0)
        let most = Atomic(0)
    }

    @Test("All work is done, and never more at once than there are threads")
    func bounded() async {
        let pool = WorkPool(name: "test", threads: 3)
        let counts = Counts()
        let sum = await withTaskGroup(of: Int.self) { group in
            for number in 1...200 {
                group.addTask {
                    await pool.run { _ in
                        let now = counts.running.add(1, ordering: .relaxed).newValue
                        counts.most.max(now, ordering: .relaxed)
                        defer { counts.running.subtract(1, ordering: .relaxed) }
                        return (0..<number).reduce(0) { $0 &+ $1 } >= 0 ? number : 0
                    } ?? 0
                }
            }
            return await group.reduce(0, +)
        }
        #expect(sum == 200 * 201 / 2)
        #expect((1...3).contains(counts.most.load(ordering: .relaxed)))
    }

    @Test("Work whose task was cancelled before it began is not done")
    func cancelled() async {
        let pool = WorkPool(name: "test", threads: 1)
        let counts = Counts()
        let task = Task {
            await pool.run { _ in counts.running.add(1, ordering: .relaxed).newValue }
        }
        task.cancel()
        let result = await task.value
        // Either the thread was quicker than the cancellation, or nothing ran.
        #expect((result == nil) == (counts.running.load(ordering: .relaxed) == 0))
    }
}
