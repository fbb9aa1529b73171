/// Decides whether to try again after a failure, and how long to wait before.
package struct RetryRule: Sendable {
    /// What went wrong, as far as that decides it.
    package enum Obstacle: Equatable, Sendable {
        case fault(ConnectionFault)
        /// A status that may pass, and how long the server wants to be left alone.
        case status(Int, pause: Duration?)
        /// An answer that cannot be used, which the next one may make good.
        case nonsense
    }

    /// What the first pause is made of.
    package let unit: Duration
    /// The longest that a server is obeyed; one that wants more is told of.
    package let longestPause: Duration
    private var failures = 0

    /// Failures one after another, with no byte between them, that are borne.
    package static let limit = 5

    package init(unit: Duration, longestPause: Duration = .seconds(300)) {
        self.unit = unit
        self.longestPause = longestPause
    }

    /// Bytes came: what went wrong before does not count any more.
    package mutating func progressed() { failures = 0 }

    /// How long to wait before the next try; nil where there should be none.
    package mutating func pause(after obstacle: Obstacle) -> Duration? {
        failures += 1
        let limit: Int
        var told: Duration?
        switch obstacle {
        // Where there is no network, nobody should wait long to hear it.
        case .fault(.hostNotFound), .fault(.refused), .fault(.proxy): limit = 2
        case .fault(.certificate), .fault(.notSecured), .fault(.notHTTP): return nil
        case .fault: limit = Self.limit
        case .status(_, let pause):
            limit = Self.limit
            told = pause
        case .nonsense: limit = 2
        }
        guard failures <= limit else { return nil }
        if let told { return told <= longestPause ? told : nil }
        return unit * (1 << min(failures - 1, 3))
    }
}

extension RetryRule.Obstacle {
    /// What stands in the way of an answer; nil where nothing does that waiting could mend.
    init?(_ answer: HubConnection.Answer) {
        if [408, 429].contains(answer.status) || (500...599).contains(answer.status) {
            self = .status(answer.status, pause: answer.fields.pause())
        } else if let fault = answer.fault, fault != .stopped {
            self = .fault(fault)
        } else {
            return nil
        }
    }
}
