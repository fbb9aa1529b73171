/// Decides whether to try again after a failure, and how long to wait first.
package struct RetryRule: Sendable {
    /// The kind of failure, as far as it matters to the decision.
    package enum Obstacle: Equatable, Sendable {
        case fault(ConnectionFault)
        /// A status that may pass, and the pause that the server asks for.
        case status(Int, pause: Duration?)
        /// An answer that cannot be used, while the next one may be good.
        case nonsense
    }

    /// The length of the first pause.
    package let unit: Duration
    /// The longest pause that a server may ask for; a longer one is reported as an error.
    package let longestPause: Duration
    private var failures = 0

    /// The most failures in a row, without a byte between them.
    package static let limit = 5

    package init(unit: Duration, longestPause: Duration = .seconds(300)) {
        self.unit = unit
        self.longestPause = longestPause
    }

    /// Records that bytes came, so that earlier failures do not count any more.
    package mutating func progressed() { failures = 0 }

    /// The pause before the next try; nil if there should be none.
    package mutating func pause(after obstacle: Obstacle) -> Duration? {
        failures += 1
        let limit: Int
        var told: Duration?
        switch obstacle {
        // Without a network, a person should not wait long for the error.
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
    /// The obstacle in an answer; nil if there is none that waiting could remove.
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
