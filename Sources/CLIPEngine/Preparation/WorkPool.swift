internal import Dispatch
internal import Synchronization

/// A fixed number of threads for work that blocks or computes for long, such as decoding a photograph.
///
/// Such work must run neither on an event loop nor on Swift's cooperative pool, which both starve when a thread is held.
/// The threads end when the pool is released.
package final class WorkPool: Sendable {
    /// The part that the threads share.
    ///
    /// The threads refer to this and not to the pool, so that the pool can be released, which ends them.
    private final class Jobs: Sendable {
        private struct State {
            var queue = WorkQueue<@Sendable () -> Void>()
            var isStopped = false
        }

        private let state = Mutex(State())
        /// Signalled for every new job, to wake an idle thread.
        private let changes = DispatchSemaphore(value: 0)
        /// The largest number of threads that run costly jobs at once, so that one is left for the others.
        private let mostCostly: Int

        init(threads: Int) {
            mostCostly = max(1, threads - 1)
        }

        func append(_ job: @escaping @Sendable () -> Void, of client: String?, isCostly: Bool) {
            state.withLock { $0.queue.append(job, of: client, isCostly: isCostly) }
            changes.signal()
        }

        func stop(threads: Int) {
            state.withLock { $0.isStopped = true }
            for _ in 0..<threads { changes.signal() }
        }

        func runUntilStopped() {
            while true {
                let (next, isStopped) = state.withLock {
                    ($0.queue.next(mostCostly: mostCostly), $0.isStopped)
                }
                if let (job, isCostly) = next {
                    job()
                    // This thread looks for another costly job: the thread that was signalled for it found no place.
                    if isCostly { state.withLock { $0.queue.finishCostly() } }
                } else if isStopped {
                    return
                } else {
                    changes.wait()
                }
            }
        }
    }

    private let jobs: Jobs
    private let threads: Int

    /// Starts the threads.
    package init(name: String, threads: Int) {
        precondition(threads > 0, "A pool without threads would never finish its work.")
        self.threads = threads
        jobs = Jobs(threads: threads)
        for number in 1...threads {
            NamedThread.start(name, number) { [jobs] in jobs.runUntilStopped() }
        }
    }

    deinit {
        jobs.stop(threads: threads)
    }

    /// Runs work on one of the threads: clients take turns, and each client's work is done in order of arrival.
    ///
    /// The result is nil if the task was cancelled before the work began, which then never begins; long work checks its
    /// parameter.
    ///
    /// - Parameters:
    ///   - client: the sender.
    ///   - isCostly: whether the work takes long, so that one thread has to be left to shorter work.
    package func run<Value: Sendable>(
        for client: String? = nil,
        isCostly: Bool = false,
        _ work: @escaping @Sendable (Cancellation) -> Value
    ) async -> Value? {
        let ticket = Ticket(work)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard ticket.wait(continuation) else { return continuation.resume(returning: nil) }
                jobs.append({ ticket.run() }, of: client, isCostly: isCostly)
            }
        } onCancel: {
            ticket.cancel()
        }
    }

    /// One piece of work, from its arrival to its end; if it is cancelled before it begins, its task need not wait for
    /// the turn.
    private final class Ticket<Value: Sendable>: Sendable {
        typealias Work = @Sendable (Cancellation) -> Value

        private enum State {
            case new(Work)
            case waiting(Work, CheckedContinuation<Value?, Never>)
            case begun
        }

        private let cancellation = Cancellation()
        private let state: Mutex<State>

        init(_ work: @escaping Work) {
            state = Mutex(.new(work))
        }

        /// Stores the continuation; false if the work was cancelled already.
        func wait(_ continuation: CheckedContinuation<Value?, Never>) -> Bool {
            state.withLock { state in
                guard case .new(let work) = state else { return false }
                state = .waiting(work, continuation)
                return true
            }
        }

        func run() {
            guard let (work, continuation) = begin() else { return }
            continuation.resume(returning: work(cancellation))
        }

        /// Releases the work and everything that it holds, if it has not begun.
        func cancel() {
            cancellation.request()
            begin()?.1.resume(returning: nil)
        }

        private func begin() -> (Work, CheckedContinuation<Value?, Never>)? {
            state.withLock { state in
                defer { state = .begun }
                guard case .waiting(let work, let continuation) = state else { return nil }
                return (work, continuation)
            }
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
