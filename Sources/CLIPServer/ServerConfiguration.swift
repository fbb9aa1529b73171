/// Everything an ``EmbeddingServer`` can be told.
///
/// The defaults serve.
public struct ServerConfiguration: Equatable, Sendable {
    /// The address to listen at.
    ///
    /// The default is reachable from this machine only.
    public var host = "127.0.0.1"
    /// The port to listen at; 0 lets the system choose.
    ///
    /// 9001 is Roboflow's.
    public var port = 9001
    /// Largest request body in bytes.
    ///
    /// 64 MiB hold eight photographs of 6 MB (12 megapixels as a telephone saves them) in base64.
    public var maxBodyBytes = 64 << 20
    /// Time for a request body to arrive.
    public var bodyTimeLimit: Duration = .seconds(120)
    /// Time in which some of a body has to arrive, or its connection ends.
    public var stallTimeLimit: Duration = .seconds(10)
    /// Time for a request's header fields to arrive.
    public var headTimeLimit: Duration = .seconds(30)
    /// Time after which a connection is closed on which nothing arrives, between requests or within a head.
    public var idleTimeLimit: Duration = .seconds(60)
    /// Time in which 64 KiB of an answer, or what is left of it, have to be read.
    public var sendTimeLimit: Duration = .seconds(20)
    /// Most open connections.
    ///
    /// Where more come, those make room that have been idle longest, and then those that have taken longest to send a
    /// request; none with a request in hand does. A thousand cost at most some 50 MB, with heads that are never finished.
    public var maxConnections = 1024
    /// A port on which only `/healthz` and `/readiness` are answered, with connections of its own; nil for none.
    public var healthPort: Int?
    /// A port on which only `/metrics` is answered, to everybody, with connections of its own; nil for none.
    public var metricsPort: Int?
    /// Keys of which a request has to have one; empty where everybody is let in.
    public var apiKeys: [String] = []
    /// Keys of which a request that changes the server has to have one.
    public var managementKeys: [String] = []
    /// Whether requests may change the server without a key for that, though others than this machine can reach it.
    public var allowsManagement = false
    /// Time in which `/readiness` says no, and requests are taken, once the server is told to stop.
    public var shutdownDelay: Duration = .zero
    /// Time for a request to be answered, from its last byte on; a request may ask for less.
    public var requestTimeLimit: Duration = .seconds(300)
    /// Time that requests in hand get to finish once the server is told to stop.
    public var drainTimeLimit: Duration = .seconds(30)
    /// Web pages of these origins may read answers; `*` stands for all.
    ///
    /// Roboflow's `ALLOW_ORIGINS`.
    public var allowedOrigins = ["*"]

    /// The defaults.
    public init() {}

    /// Every problem of the configuration, in sentences that name the flags of `clip serve`; empty when it is sound.
    ///
    /// Nothing is looked up and no port tried.
    public func validate() -> [String] {
        var problems: [String] = []
        if host.isEmpty { problems.append("--host must not be empty; 127.0.0.1 is this machine alone.") }
        let numbers: [(String, Int?, ClosedRange<Int>)] = [
            ("--port", port, 0...65535), ("--health-port", healthPort, 0...65535),
            ("--metrics-port", metricsPort, 0...65535),
            ("--max-body-bytes", maxBodyBytes, 1...1 << 40),
            ("--max-connections", maxConnections, 1...1 << 20),
        ]
        for case (let flag, let value?, let range) in numbers where !range.contains(value) {
            problems.append("\(flag) must be from \(range.lowerBound) to \(range.upperBound), not \(value).")
        }
        let times = [
            ("--body-seconds", bodyTimeLimit), ("--idle-seconds", idleTimeLimit),
            ("--drain-seconds", drainTimeLimit), ("--header-seconds", headTimeLimit),
            ("--stall-seconds", stallTimeLimit), ("--send-seconds", sendTimeLimit),
            ("--request-seconds", requestTimeLimit),
        ]
        for (flag, time) in times where time <= .zero {
            problems.append("\(flag) must be longer than nothing.")
        }
        if shutdownDelay < .zero { problems.append("--shutdown-delay must not be less than nothing.") }
        if let healthPort, healthPort == port, port != 0 {
            problems.append("--health-port must be another than --port, which is \(port), too.")
        }
        if let metricsPort, metricsPort != 0 {
            for (flag, other) in [("--port", port), ("--health-port", healthPort ?? 0)]
            where other == metricsPort {
                problems.append("--metrics-port must be another than \(flag), which is \(other), too.")
            }
        }
        for (flag, keys) in [("--api-keys-file", apiKeys), ("--management-key-file", managementKeys)]
        where keys.contains(where: { !Self.isKey($0) }) {
            problems.append(
                "A key of \(flag), or of its variables, is none: 8 to 256 letters, digits and signs are, without blanks."
            )
        }
        if allowsManagement, !managementKeys.isEmpty {
            problems.append(
                "--allow-management asks for no key, and there is one of --management-key-file; leave one of them out."
            )
        }
        if allowedOrigins.isEmpty {
            problems.append("--allow-origins names no origin; '*' stands for all.")
        }
        for origin in allowedOrigins {
            guard let fault = WebOrigin.fault(of: origin) else { continue }
            problems.append("--allow-origins has '\(origin)', which \(fault).")
        }
        return problems
    }

    /// Whether a word can be sent in a header field, and not be guessed at once.
    private static func isKey(_ word: String) -> Bool {
        (8...256).contains(word.utf8.count) && word.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
