/// A pass that threads make now, as others see it that think about waiting for them.
package struct RunningPass: Sendable {
    package let start: ContinuousClock.Instant
    /// How many threads make it.
    private let threads: Int
    /// How long it should take; zero if nobody knows.
    private let estimate: Duration
    /// When it should have ended since one of its threads has done its part; nil if all are at work.
    private var end: ContinuousClock.Instant?

    /// - Parameter work: the seconds that one core should need for it; 0 if nobody knows.
    package init(start: ContinuousClock.Instant, work: Double, threads: Int) {
        self.start = start
        self.threads = threads
        estimate = .seconds(work / Double(threads))
    }

    /// Notes that one of its threads has done its part, so that the others soon will.
    package mutating func leave(at now: ContinuousClock.Instant) {
        end = now + Self.longestEnd
    }

    /// How long it will still take; nil if it is late or nobody knows.
    private func rest(at now: ContinuousClock.Instant) -> Duration? {
        let end = end ?? start + estimate * Self.tolerance
        return now < end ? end - now : nil
    }

    /// How long after the first of its threads the last one has done its part.
    private static let longestEnd = Duration.milliseconds(2)

    /// A pass is late when it has taken so many times as long as it should.
    private static let tolerance = 1.15
    /// Waiting has to end before this part of the time that it takes not to wait.
    private static let leastGain = 0.9

    /// How long idle threads should leave what waits, because they would be done with it sooner together with the
    /// threads of a pass that ends soon; nil if not.
    ///
    /// - Parameters:
    ///   - work: the seconds that one core needs for what waits.
    ///   - idle: how many threads are idle, of `threads`.
    package static func wait(
        forAnyOf passes: some Sequence<RunningPass>,
        before work: Double,
        idle: Int,
        threads: Int,
        now: ContinuousClock.Instant
    ) -> Duration? {
        passes.compactMap { pass -> Duration? in
            guard let rest = pass.rest(at: now) else { return nil }
            let together = rest / .seconds(1) + work / Double(min(threads, idle + pass.threads))
            return together < leastGain * work / Double(idle) ? rest : nil
        }
        .min()
    }
}
