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
    /// Time after which a connection is closed on which nothing arrives, be it between requests or within
    /// one.
    ///
    /// It is also how long a client may take over a request's header fields.
    public var idleTimeLimit: Duration = .seconds(60)
    /// Most open connections; more wait to be accepted.
    public var maxConnections = 1024
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

    /// Every problem of the configuration, in sentences; empty when it is sound.
    public func validate() -> [String] {
        var problems: [String] = []
        if host.isEmpty { problems.append("The host is empty.") }
        if !(0...65535).contains(port) { problems.append("The port must lie in 0...65535, not be \(port).") }
        if maxBodyBytes < 1 {
            problems.append("The body limit must be at least 1 byte, not \(maxBodyBytes).")
        }
        if maxConnections < 1 {
            problems.append("The connection limit must be at least 1, not \(maxConnections).")
        }
        let times = [
            ("body time limit", bodyTimeLimit), ("idle time limit", idleTimeLimit),
            ("drain time limit", drainTimeLimit), ("request time limit", requestTimeLimit),
        ]
        for (name, time) in times where time <= .zero {
            problems.append("The \(name) must be longer than nothing, not \(time).")
        }
        if allowedOrigins.isEmpty {
            problems.append("No origin is allowed; name at least one, or '*' for all.")
        }
        for origin in allowedOrigins
        where origin.isEmpty || !origin.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            problems.append("'\(origin)' is not an origin such as https://example.com.")
        }
        return problems
    }
}
