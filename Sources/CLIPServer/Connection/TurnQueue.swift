import NIOCore
import NIOPosix
import Synchronization

/// The connections of one event loop that have more bytes to process than one turn allows, in a queue.
///
/// All code runs on the event loop. A round of turns begins only after the event loop has looked at its sockets. The
/// loop runs everything that was submitted to it, including timers that are due, before it looks again, so a few
/// connections with many waiting requests could keep it from looking for as long as they send.
final class TurnQueue {
    /// How long a round may last before the event loop looks at its sockets again.
    private static let round = TimeAmount.microseconds(500)
    /// The time in which the event loop should find nothing that is due, so that it looks at its sockets.
    ///
    /// A pause that was too short for that is doubled: its own timer becomes due, too, and together with a little other
    /// work keeps the event loop from looking.
    private static let shortestPause = TimeAmount.microseconds(20)
    private static let longestPause = TimeAmount.milliseconds(2)

    private let eventLoop: any EventLoop
    private var waiting = CircularBuffer<() -> Void>()
    private var pause = TurnQueue.shortestPause
    private var isTimed = false
    /// Whether the event loop has run out of tasks, and so looked at its sockets, since the last round.
    private var hasLooked = false

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Calls `resume` when it is the caller's turn.
    func wait(_ resume: @escaping () -> Void) {
        waiting.append(resume)
        time()
    }

    /// Notes that the event loop has no task left.
    fileprivate func look() { hasLooked = true }

    /// Wakes the event loop until there has been another round.
    private func time() {
        guard !isTimed, !waiting.isEmpty else { return }
        isTimed = true
        let queue = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: pause) {
            let queue = queue.value
            queue.isTimed = false
            if queue.hasLooked {
                queue.pause = Self.shortestPause
                queue.takeTurns()
            } else {
                queue.pause = min(queue.pause * 2, Self.longestPause)
            }
            queue.time()
        }
    }

    private func takeTurns() {
        hasLooked = false
        let end = NIODeadline.now() + Self.round
        // Connections that come back get their next turn in another round.
        var left = waiting.count
        while left > 0, let resume = waiting.popFirst() {
            resume()
            left -= 1
            guard NIODeadline.now() < end else { return }
        }
    }
}

/// The event loops of a listener, with their queues.
final class EventLoops: Sendable {
    /// The event loops for requests: one for each core.
    static let requests = EventLoops(count: requestCount)
    static let requestCount = NIOSingletons.groupLoopCountSuggestion
    /// The event loop of the health and metrics ports, which never wait.
    static let beside = EventLoops(count: 1)

    let group: MultiThreadedEventLoopGroup
    private let queues: TurnQueues

    private init(count: Int) {
        queues = TurnQueues()
        group = MultiThreadedEventLoopGroup(numberOfThreads: count, metricsDelegate: queues)
    }

    /// The queue of an event loop, for code that runs on it.
    func turns(of eventLoop: any EventLoop) -> TurnQueue { queues.queue(of: eventLoop) }
}

/// The queues of all event loops, called at the end of each loop's round of tasks.
private final class TurnQueues: NIOEventLoopMetricsDelegate {
    private let queues = Mutex<[ObjectIdentifier: NIOLoopBound<TurnQueue>]>([:])

    func processedTick(info: NIOEventLoopTickInfo) {
        queues.withLock { $0[info.eventLoopID] }?.value.look()
    }

    func queue(of eventLoop: any EventLoop) -> TurnQueue {
        queues.withLock { queues in
            let key = ObjectIdentifier(eventLoop)
            if let queue = queues[key] { return queue }
            let queue = NIOLoopBound(TurnQueue(eventLoop), eventLoop: eventLoop)
            queues[key] = queue
            return queue
        }.value
    }
}
