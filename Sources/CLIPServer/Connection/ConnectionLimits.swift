import NIOCore

/// How long a connection may take over what, and how much a body may be.
struct ConnectionLimits: Sendable {
    var idle: TimeAmount
    /// From the first byte of a head to its last.
    var head: TimeAmount
    /// From a head to the last byte of the body.
    var body: TimeAmount
    /// Without a byte of a body.
    var stall: TimeAmount
    /// Without ``leastSent`` of an answer being read.
    var send: TimeAmount
    var maxBodyBytes: Int
    /// What a client is told whose body takes longer.
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

    /// What has to be read of an answer in the time of ``send``, so that a byte now and then does not hold megabytes.
    static let leastSent = 64 << 10
    /// What is written of an answer at once.
    static let piece = leastSent
    /// A body that no route wants is passed over up to this, so that the connection can go on.
    static let mostPassedOver = 256 << 10
    /// What may wait behind a request in hand; who sends more without being asked for it is cut off.
    static let mostWaiting = 256 << 10
    /// How long one connection is served before others have their turn: messages and chunks of a few bytes each would
    /// otherwise fill an event loop for as long as they come.
    static let longestTurn = TimeAmount.microseconds(250)
    /// Time for the client to read the last answer before the connection is cut: since something came last, and in all.
    ///
    /// One that still sends its body could not read why that is refused otherwise.
    static let lingering = TimeAmount.seconds(2)
    static let longestLingering = TimeAmount.seconds(30)
    /// Time for a request that is on its way when the server stops, and for an answer when the time to stop is over.
    static let grace = TimeAmount.milliseconds(250)
    /// The longest that a body waits for room in the budget.
    static let roomWait = TimeAmount.seconds(30)
    /// Whose average is lower once the stall limit is over is taken for one that stalls.
    private static let slowest = 1024

    /// Whether a body that has come this far in this time will not be there in its time.
    ///
    /// A quarter of the speed that it takes is enough, since links get better.
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
