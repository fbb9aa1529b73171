import NIOCore

/// The limits of a connection: the time for each phase, and the size of a body.
struct ConnectionLimits: Sendable {
    var idle: TimeAmount
    /// The time from the first byte of a head to the last.
    var head: TimeAmount
    /// The time from a head to the last byte of the body.
    var body: TimeAmount
    /// The longest pause within a body.
    var stall: TimeAmount
    /// The time in which the client has to read ``leastSent`` of an answer.
    var send: TimeAmount
    var maxBodyBytes: Int
    /// The error for a body that takes too long.
    let tooSlow: APIError

    init(_ configuration: ServerConfiguration) {
        idle = TimeAmount(configuration.idleTimeLimit)
        head = TimeAmount(configuration.headTimeLimit)
        body = TimeAmount(configuration.bodyTimeLimit)
        stall = TimeAmount(configuration.stallTimeLimit)
        send = TimeAmount(configuration.sendTimeLimit)
        maxBodyBytes = configuration.maxBodyBytes
        tooSlow = .bodyTooSlow(limit: configuration.bodyTimeLimit, stall: configuration.stallTimeLimit)
    }

    /// How many bytes of an answer a client has to read in ``send``, so that reading a byte now and then does not keep
    /// megabytes in memory.
    static let leastSent = 64 << 10
    /// How much of an answer is written at once.
    static let piece = leastSent
    /// An unwanted body up to this size is discarded, so that the connection can be used again.
    static let mostPassedOver = 256 << 10
    /// How many bytes may arrive while a request is being answered; the connection of a client that sends more is
    /// closed.
    static let mostWaiting = 256 << 10
    /// How long one connection is served before others have a turn; otherwise messages and chunks of a few bytes could
    /// occupy an event loop without end.
    static let longestTurn = TimeAmount.microseconds(250)
    /// The time that a client gets to read the last answer before the connection is closed: since the last bytes came,
    /// and in all.
    ///
    /// A client that is still sending its body could otherwise not read why it is refused.
    static let lingering = TimeAmount.seconds(2)
    static let longestLingering = TimeAmount.seconds(30)
    /// The time for a request that is arriving when the server stops, and for an answer when the time for stopping is
    /// over.
    static let grace = TimeAmount.milliseconds(250)
    /// How long a body may wait for room in the budget.
    static let roomWait = TimeAmount.seconds(30)
    /// A body whose average speed (bytes a second) is lower once the stall limit is over counts as stalled.
    private static let slowest = 1024

    /// Whether a body that has come this far in this time will be too late.
    ///
    /// A quarter of the speed that would be needed is enough, because connections get faster.
    func isTooSlow(received: Int, of announced: Int?, in time: TimeAmount) -> Bool {
        guard time >= stall, time.nanoseconds > 0 else { return false }
        let seconds = Double(time.nanoseconds) / 1e9
        var wanted = seconds * Double(Self.slowest)
        if let announced {
            wanted = max(
                min(wanted, Double(announced) * 0.25),
                Double(announced) * 0.25 * Double(time.nanoseconds) / Double(max(1, body.nanoseconds))
            )
        }
        return Double(received) < wanted
    }
}
