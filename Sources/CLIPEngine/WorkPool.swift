internal import DequeModule
internal import Dispatch
internal import Synchronization

/// A fixed number of threads for work that blocks or computes for long, such as decoding a photograph.
///
/// Such work must run neither on an event loop nor on Swift's cooperative pool, which both starve when a thread is held.
/// The threads end when the pool is released.
package final class WorkPool: Sendable {
    /// What the threads share.
    ///
    /// They hold this and not the pool, so that the pool's release can end them.
    private final class Jobs: Sendable {
        private struct State {
            var waiting: Deque<@Sendable () -> Void> = []
            var isStopped = false
        }

        private let state = Mutex(State())
        /// Counts the jobs that wait, so that an idle thread sleeps.
        private let available = DispatchSemaphore(value: 0)

        func append(_ job: @escaping @Sendable () -> Void) {
            state.withLock { $0.waiting.append(job) }
            available.signal()
        }

        func stop(threads: Int) {
            state.withLock { $0.isStopped = true }
            for _ in 0..<threads { available.signal() }
        }

        func runUntilStopped() {
            while true {
                available.wait()
                let (job, isStopped) = state.withLock { ($0.waiting.popFirst(), $0.isStopped) }
                if let job {
                    job()
                } else if isStopped {
                    return
                }
            }
        }
    }

    private let jobs = Jobs()
    private let threads: Int

    /// Starts the threads.
    package init(name: String, threads: Int) {
        precondition(threads > 0, "A pool without threads would never finish its work.")
        self.threads = threads
        for number in 1...threads {
            NamedThread.start(name, number) { [jobs] in jobs.runUntilStopped() }
        }
    }

    deinit {
        jobs.stop(threads: threads)
    }

    /// Runs work on one of the threads, in order of arrival.
    ///
    /// Nil if the task was cancelled before the work began, which then never does; long work looks at its parameter.
    package func run<Value: Sendable>(_ work: @escaping @Sendable (Cancellation) -> Value) async -> Value? {
        let cancellation = Cancellation()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                jobs.append {
                    continuation.resume(returning: cancellation.isRequested ? nil : work(cancellation))
                }
            }
        } onCancel: {
            cancellation.request()
        }
    }

    /// Tells a thread of the pool that the task which waits for it was cancelled.
    package final class Cancellation: Sendable {
        private let flag = Atomic(false)

        package init() {}

        package var isRequested: Bool { flag.load(ordering: .relaxed) }

        package func request() { flag.store(true, ordering: .relaxed) }
    }
}
