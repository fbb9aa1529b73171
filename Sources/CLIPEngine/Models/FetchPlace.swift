internal import Synchronization

/// The place of a fetch among those that may be under way at once; while it pauses, another has it.
final class FetchPlace: Sendable {
    private enum Stay {
        case inside
        case pausing(Task<Void, Never>)
        case over
    }

    private let turnstile: Turnstile
    private let stay = Mutex(Stay.inside)

    /// Waits for a place.
    init(in turnstile: Turnstile) async {
        self.turnstile = turnstile
        await turnstile.enter()
    }

    /// Takes a place that nobody gives, as one more than there are.
    init(beside turnstile: Turnstile) {
        self.turnstile = turnstile
        turnstile.enterAnyway()
    }

    /// Gives the place up for a while.
    ///
    /// The fetch goes on by itself then, if need be as one more than there are places: it was let in before those who wait.
    func pause(for time: Duration) {
        stay.withLock { stay in
            guard case .inside = stay else { return }
            turnstile.leave()
            stay = .pausing(
                Task {
                    try? await Task.sleep(for: time)
                    self.goOn()
                }
            )
        }
    }

    private func goOn() {
        stay.withLock { stay in
            guard case .pausing = stay else { return }
            turnstile.enterAnyway()
            stay = .inside
        }
    }

    /// Ends the stay.
    func leave() {
        stay.withLock { stay in
            switch stay {
            case .inside: turnstile.leave()
            case .pausing(let timer): timer.cancel()
            case .over: break
            }
            stay = .over
        }
    }
}
