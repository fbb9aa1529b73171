import ArgumentParser
internal import CLIPServer

/// The options of `clip serve` about sockets: where it listens, what connections may hold, and for how long.
struct ListeningOptions: ParsableArguments {
    @Option(help: "The address to listen at; 127.0.0.1 by default. CLIP_HOST, HOST.")
    var host: String?

    @Option(help: "The port to listen at; 9001 by default, 0 for any. CLIP_PORT, PORT.")
    var port: Int?

    @Option(help: "Most bytes of a request; 64 MiB by default. CLIP_MAX_BODY_BYTES.")
    var maxBodyBytes: Int?

    @Option(help: "Most open connections; 1024 by default. CLIP_MAX_CONNECTIONS.")
    var maxConnections: Int?

    @Option(
        help:
            "Seconds that requests in hand get once the server is told to stop; 30 by default. CLIP_DRAIN_SECONDS."
    )
    var drainSeconds: String?

    @Option(
        help:
            "Web origins that may read answers, separated by commas; all by default. CLIP_ALLOW_ORIGINS, ALLOW_ORIGINS."
    )
    var allowOrigins: String?

    func fill(_ configuration: inout ServerConfiguration, from environment: inout Environment) {
        if let value = host ?? environment.host("CLIP_HOST", "HOST", isUsable: HostName.isKnown) {
            configuration.host = value
        }
        if let value = port ?? environment.port("CLIP_PORT", "PORT") { configuration.port = value }
        if let value = maxBodyBytes ?? environment.integer("CLIP_MAX_BODY_BYTES") {
            configuration.maxBodyBytes = value
        }
        if let value = maxConnections ?? environment.integer("CLIP_MAX_CONNECTIONS") {
            configuration.maxConnections = value
        }
        if let value = environment.seconds("CLIP_DRAIN_SECONDS", given: ("--drain-seconds", drainSeconds)) {
            configuration.drainTimeLimit = value
        }
        if let value = allowOrigins ?? environment.string("CLIP_ALLOW_ORIGINS", "ALLOW_ORIGINS") {
            configuration.allowedOrigins = Environment.list(value)
        }
    }
}
