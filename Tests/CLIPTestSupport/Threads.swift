import Foundation
import Synchronization

/// Threads of their own, for work that waits for each other and must not hold the few that tasks run on.
public enum Threads {
    private final class Results<Value: Sendable>: Sendable {
        let values: Mutex<[Int: Value]> = Mutex([:])
    }

    /// What a body gives on each of `count` threads that run side by side, by their number.
    public static func run<Value: Sendable>(
        _ count: Int,
        _ body: @escaping @Sendable (Int) -> Value
    ) async -> [Value] {
        let results = Results<Value>()
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<count {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        Thread {
                            let value = body(index)
                            results.values.withLock { $0[index] = value }
                            continuation.resume()
                        }.start()
                    }
                }
            }
        }
        let values = results.values.withLock { $0 }
        return (0..<count).compactMap { values[$0] }
    }
}

/// The time that the calling thread has had of a processor: what a computation takes, however many others want one.
public func threadTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
