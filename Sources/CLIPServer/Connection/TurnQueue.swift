import NIOCore
import Synchronization

/// The connections of one event loop that have more to take in than is fair at once, one behind the other.
///
/// Everything happens on the event loop. Each turn is a timer's that lies a little ahead: what a task submits is run before
/// the event loop looks at its sockets again, and so is a timer that is due, and two connections could keep it from that for
/// as long as they send.
final class TurnQueue {
    /// Between two turns; the event loop looks at its sockets meanwhile, and waits no longer than this if nothing is there.
    private static let pause = TimeAmount.microseconds(20)

    private let eventLoop: any EventLoop
    private var waiting = CircularBuffer<() -> Void>()
    private var isTimed = false

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Calls back when it is the caller's turn.
    func wait(_ resume: @escaping () -> Void) {
        waiting.append(resume)
        time()
    }

    private func time() {
        guard !isTimed, !waiting.isEmpty else { return }
        isTimed = true
        let queue = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: Self.pause) {
            let queue = queue.value
            queue.isTimed = false
            queue.waiting.popFirst()?()
            queue.time()
        }
    }
}

/// The queues of all event loops.
final class TurnQueues: Sendable {
    private let queues = Mutex<[ObjectIdentifier: NIOLoopBound<TurnQueue>]>([:])

    /// That of an event loop, for those on it.
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
