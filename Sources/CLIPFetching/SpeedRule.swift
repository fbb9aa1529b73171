/// Decides when a fetch is too slow to continue.
///
/// libcurl's own rule considers only the last seconds, so a trickle just above the limit lives until the whole time is
/// over. This rule asks for more the longer a fetch takes, and does not wait for what cannot come in time.
package struct SpeedRule: Sendable {
    /// The fewest bytes per second, on average at the end of ``grace``; 0 allows any speed.
    let minimum: Int
    /// How long a fetch is not judged.
    let grace: Duration

    package init(minimum: Int, grace: Duration) {
        self.minimum = minimum
        self.grace = grace
    }

    /// Whether a body is too slow, given its `received` bytes of `announced` after `elapsed`, and the `remaining` time.
    ///
    /// The required bytes grow with the square of the time, up to four times the minimum after twice the grace. A body
    /// of known length also ends early if it would not be complete in time at twice its speed so far.
    package func refuses(received: Int, announced: Int?, elapsed: Duration, remaining: Duration) -> Bool {
        guard minimum > 0, elapsed > grace else { return false }
        let speed = Double(received) / (elapsed / .seconds(1))
        let graces = min(2, elapsed / grace)
        if speed < Double(minimum) * graces * graces { return true }
        guard let announced else { return false }
        return Double(announced - received) > 2 * speed * max(0, remaining / .seconds(1))
    }
}
