import CLIPEngine
import CLIPTestSupport
import Dispatch
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

    @Test("Who is cancelled before its work began is told so at once, whatever the threads are busy with")
    func cancelledInLine() async throws {
        let pool = WorkPool(name: "test", threads: 1)
        let isBusy = DispatchSemaphore(value: 0)
        let isOver = DispatchSemaphore(value: 0)
        async let long = pool.run { _ in
            isBusy.signal()
            isOver.wait()
        }
        try await eventually { isBusy.wait(timeout: .now()) == .success }
        let counts = Counts()
        let task = Task {
            await pool.run { _ in counts.running.add(1, ordering: .relaxed).newValue }
        }
        task.cancel()
        #expect(await task.value == nil)
        isOver.signal()
        _ = await long
        #expect(counts.running.load(ordering: .relaxed) == 0)
    }

    @Test("Clients take turns, whatever each has waiting")
    func turns() {
        var queue = WorkQueue<Int>()
        for number in 1...4 { queue.append(number, of: "a", isCostly: false) }
        for number in 11...12 { queue.append(number, of: "b", isCostly: false) }
        queue.append(21, of: nil, isCostly: false)
        var order: [Int] = []
        while let (job, _) = queue.next(mostCostly: 1) { order.append(job) }
        #expect(order == [1, 11, 21, 2, 12, 3, 4])
    }

    @Test("Costly work leaves a thread to the rest, which may overtake it three times")
    func costly() {
        var queue = WorkQueue<Int>()
        for number in 101...103 { queue.append(number, of: "a", isCostly: true) }
        #expect(queue.next(mostCostly: 1)?.job == 101)
        #expect(queue.next(mostCostly: 1) == nil)
        for number in 1...5 { queue.append(number, of: "a", isCostly: false) }
        #expect(queue.next(mostCostly: 1)?.job == 1)
        queue.finishCostly()
        var order: [Int] = []
        while let (job, isCostly) = queue.next(mostCostly: 1) {
            order.append(job)
            if isCostly { queue.finishCostly() }
        }
        #expect(order == [2, 3, 4, 102, 5, 103])
    }
}
