internal import Synchronization

/// A fetch's place among those that may run at once; while the fetch pauses, another one may have the place.
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

    /// Takes a place beyond the limit, without waiting.
    init(beside turnstile: Turnstile) {
        self.turnstile = turnstile
        turnstile.enterAnyway()
    }

    /// Gives the place up for a while.
    ///
    /// After the pause, the fetch takes a place again, beyond the limit if need be, because it began before those that
    /// wait.
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

    /// Gives the place up for good.
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
