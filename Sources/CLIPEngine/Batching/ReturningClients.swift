/// Whether clients that were answered ask again at once, and how long a pass waits for them.
///
/// A few captions take hardly longer than one, since reading the weights takes most of the time. A client that sends
/// one request after another is back a moment after its answer, when a pass with what waited meanwhile has just begun
/// without it, and so on forever: passes for four such clients had 1.4 captions. How many come back so soon is counted
/// all the time, whether a pass waits or not, so strangers who come at random are not waited for.
package struct ReturningClients: Sendable {
    /// The seconds of a pass of a few captions.
    private var seconds = FadingAverage(memory: 32)
    /// Requests that came in time for each answer.
    private var returns = FadingAverage(memory: 32)
    /// The last answers: when, and how many.
    private var last: (time: ContinuousClock.Instant, answers: Int)?
    /// Requests that came in time since then.
    private var returned = 0

    private let patience: Double
    private let longestWait: Duration
    /// Nobody is waited for if fewer than this part come back in time.
    private static let leastReturns = 0.5

    /// Clients of which nothing is known.
    ///
    /// - Parameters:
    ///   - patience: the part of a pass that is waited at most.
    ///   - longestWait: the time that is waited at most.
    package init(patience: Double = 0.25, longestWait: Duration = .milliseconds(2)) {
        self.patience = patience
        self.longestWait = longestWait
    }

    /// How long after its answer a client is in time.
    private var window: Duration {
        min(.seconds((seconds.perUnit ?? 0) * patience), longestWait)
    }

    /// Notes a pass of a few captions, and that so many requests have been answered by it.
    package mutating func answer(_ count: Int, after pass: Duration, at now: ContinuousClock.Instant) {
        if let last, returned < last.answers, now < last.time + window {
            // Those of another thread's pass may still come.
            self.last = (now, last.answers + count)
        } else {
            if let last { returns.add(Double(returned), units: last.answers) }
            last = (now, count)
            returned = 0
        }
        seconds.add(pass / .seconds(1), units: 1)
    }

    /// Notes a request with captions.
    package mutating func arrive(at now: ContinuousClock.Instant) {
        guard let last, returned < last.answers, now < last.time + window else { return }
        returned += 1
    }

    /// How long to leave a few captions that wait, for the sake of those that are about to come; nil if not.
    package func wait(at now: ContinuousClock.Instant) -> Duration? {
        guard let last, returned < last.answers else { return nil }
        guard let part = returns.perUnit, part >= Self.leastReturns else { return nil }
        let end = last.time + window
        return now < end ? end - now : nil
    }
}
