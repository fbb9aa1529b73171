/// When a fetch is too slow to go on.
///
/// libcurl's own rule looks at the last seconds only, so that a drip just above the limit lives until the whole
/// time is over. This one asks for more the longer a fetch takes, and does not wait for what cannot come in time.
package struct SpeedRule: Sendable {
    /// The fewest bytes per second on average when ``grace`` is over; 0 for any speed.
    let minimum: Int
    /// How long a fetch is not judged.
    let grace: Duration

    package init(minimum: Int, grace: Duration) {
        self.minimum = minimum
        self.grace = grace
    }

    /// Whether a body that has taken `elapsed` for `received` bytes of `announced` is too slow, where `remaining`
    /// is left for the rest.
    ///
    /// What is asked for grows with the square of the time, up to four times the minimum after twice the grace. And a body of known
    /// length ends early that would not be there in time at twice its speed so far.
    package func refuses(received: Int, announced: Int?, elapsed: Duration, remaining: Duration) -> Bool {
        guard minimum > 0, elapsed > grace else { return false }
        let speed = Double(received) / (elapsed / .seconds(1))
        let graces = min(2, elapsed / grace)
        if speed < Double(minimum) * graces * graces { return true }
        guard let announced else { return false }
        return Double(announced - received) > 2 * speed * max(0, remaining / .seconds(1))
    }
}
