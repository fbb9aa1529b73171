internal import DequeModule
internal import Synchronization

/// Lets the tasks of a request through one by one, in order of arrival.
final class Turnstile: Sendable {
    private struct State {
        var isTaken = false
        var waiting: Deque<CheckedContinuation<Void, Never>> = []
    }

    private let state = Mutex(State())

    /// Waits for the task's turn, which lasts until ``leave()``.
    ///
    /// Cancelling does not end the wait: whoever is inside ends soon then, too.
    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.isTaken { state.waiting.append(continuation) }
                defer { state.isTaken = true }
                return !state.isTaken
            }
            if isFree { continuation.resume() }
        }
    }

    /// Whether it is somebody's turn.
    var isTaken: Bool { state.withLock { $0.isTaken } }

    /// Whether somebody waits for the end of the turn.
    var isAwaited: Bool { state.withLock { !$0.waiting.isEmpty } }

    /// Ends a turn.
    func leave() {
        let next = state.withLock { state in
            let next = state.waiting.popFirst()
            state.isTaken = next != nil
            return next
        }
        next?.resume()
    }
}
