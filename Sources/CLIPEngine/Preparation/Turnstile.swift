internal import DequeModule
internal import Synchronization

/// Lets tasks through one by one, or a few at a time, in order of arrival.
final class Turnstile: Sendable {
    private struct State {
        var taken = 0
        var waiting: Deque<CheckedContinuation<Void, Never>> = []
    }

    private let places: Int
    private let state = Mutex(State())

    /// A turnstile with this many places.
    init(places: Int = 1) {
        self.places = places
    }

    /// Waits for the task's turn, which lasts until ``leave()``.
    ///
    /// Cancelling does not end the wait, because a cancelled task inside also leaves soon.
    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.taken >= places else {
                    state.taken += 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Whether the next task has to wait.
    var isTaken: Bool { state.withLock { $0.taken >= places } }

    /// Whether a task waits for the end of this turn.
    var isAwaited: Bool { state.withLock { !$0.waiting.isEmpty } }

    /// Takes a turn beyond the number of places, without waiting.
    func enterAnyway() { state.withLock { $0.taken += 1 } }

    /// Ends a turn.
    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.taken <= places else {
                state.taken -= 1
                return nil
            }
            let next = state.waiting.popFirst()
            if next == nil { state.taken -= 1 }
            return next
        }
        next?.resume()
    }
}
