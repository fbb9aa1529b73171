/// Whether clients that were answered ask again at once, and how long a pass waits for them.
///
/// A few captions take hardly longer than one, since reading the weights takes most of the time. A client that sends
/// one request after another is back a moment after its answer, when a pass with what waited meanwhile has just begun
/// without it, and so on forever: passes for four such clients had 1.4 captions. What part of the requests that were
/// answered is followed by another so soon is counted all the time, whether a pass waits or not; who sent it does not
/// matter.
package struct ReturningClients: Sendable {
    /// The seconds of a pass of a few captions.
    private var seconds = FadingAverage(memory: 32)
    /// Requests that came in time for each answer.
    private var returns = FadingAverage(memory: 32, least: 8)
    /// The last answers: until when their clients are in time, and how many.
    private var last: (end: ContinuousClock.Instant, answers: Int)?
    /// Requests that came in time since then.
    private var returned = 0
    /// Until when those that wait are left for others, at most.
    private var limit: ContinuousClock.Instant?

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

    /// Notes a pass of a few captions, and that so many requests have been answered by it.
    package mutating func answer(_ count: Int, after pass: Duration, at now: ContinuousClock.Instant) {
        guard count > 0 else { return }
        seconds.add(pass / .seconds(1), units: 1)
        let usual = min(seconds.perUnit ?? 0, pass / .seconds(1))
        let end = now + min(.seconds(usual * patience), longestWait)
        if let last, returned < last.answers, now < last.end {
            // Those of another thread's pass may still come.
            self.last = (max(end, last.end), last.answers + count)
            return
        }
        if let last { returns.add(Double(returned), units: last.answers) }
        last = (end, count)
        returned = 0
    }

    /// Notes a request with captions.
    package mutating func arrive(at now: ContinuousClock.Instant) {
        guard let last, returned < last.answers, now < last.end else { return }
        returned += 1
    }

    /// How long to leave a few captions that wait, for the sake of those that are about to come; nil if not.
    ///
    /// However many answers are given meanwhile, the same captions are not left for longer than this says first.
    package mutating func wait(at now: ContinuousClock.Instant) -> Duration? {
        guard let last, let part = returns.perUnit, part >= Self.leastReturns else { return nil }
        let end = min(last.end, limit ?? last.end)
        guard Double(returned) < (part * Double(last.answers)).rounded(), now < end else { return nil }
        limit = end
        return end - now
    }

    /// Notes that a pass takes what waits.
    package mutating func begin() {
        limit = nil
    }
}
