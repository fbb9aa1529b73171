import ArgumentParser
internal import CLIPServer

/// The options of `clip serve` about sockets: where it listens, what connections may hold, and for how long.
struct ListeningOptions: ParsableArguments {
    @Option(
        help:
            "The address to listen at; 127.0.0.1 by default. CLIP_HOST; HOST, where it is an address or localhost."
    )
    var host: String?

    @Option(help: "The port to listen at; 9001 by default, 0 for any. CLIP_PORT, PORT.")
    var port: Int?

    @Option(help: "Most bytes of a request; 64 MiB by default. CLIP_MAX_BODY_BYTES.")
    var maxBodyBytes: Int?

    @Option(
        help:
            "Most open connections, 1024 by default, and fewer where the system allows fewer files; where more come, idle ones make room. CLIP_MAX_CONNECTIONS."
    )
    var maxConnections: Int?

    @Option(
        help:
            "A port that answers /healthz and /readiness only, with connections of its own. CLIP_HEALTH_PORT."
    )
    var healthPort: Int?

    @Option(help: "Seconds that a connection may be idle; 60 by default. CLIP_IDLE_SECONDS.")
    var idleSeconds: String?

    @Option(help: "Seconds for a request's header fields to arrive; 30 by default. CLIP_HEADER_SECONDS.")
    var headerSeconds: String?

    @Option(help: "Seconds for a request's body to arrive; 120 by default. CLIP_BODY_SECONDS.")
    var bodySeconds: String?

    @Option(
        help: "Seconds in which some of a body has to arrive; 10 by default. CLIP_STALL_SECONDS."
    )
    var stallSeconds: String?

    @Option(
        help: "Seconds in which 64 KiB of an answer have to be read; 20 by default. CLIP_SEND_SECONDS."
    )
    var sendSeconds: String?

    @Option(
        help:
            "Seconds in which /readiness says no, and requests are taken, once the server is told to stop; 0 by default. CLIP_SHUTDOWN_DELAY."
    )
    var shutdownDelay: String?

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
        let isUsable = { HostName.isAddress($0) && HostName.problem(host: $0, port: 0) == nil }
        if let value = host ?? environment.host("CLIP_HOST", "HOST", isUsable: isUsable) {
            configuration.host = value
        }
        if let value = port ?? environment.port("CLIP_PORT", "PORT") { configuration.port = value }
        if let value = maxBodyBytes ?? environment.integer("CLIP_MAX_BODY_BYTES") {
            configuration.maxBodyBytes = value
        }
        if let value = maxConnections ?? environment.integer("CLIP_MAX_CONNECTIONS") {
            configuration.maxConnections = value
        }
        if let value = healthPort ?? environment.port("CLIP_HEALTH_PORT") {
            configuration.healthPort = value
        }
        if let value = environment.seconds("CLIP_IDLE_SECONDS", given: ("--idle-seconds", idleSeconds)) {
            configuration.idleTimeLimit = value
        }
        if let value = environment.seconds("CLIP_HEADER_SECONDS", given: ("--header-seconds", headerSeconds))
        {
            configuration.headTimeLimit = value
        }
        if let value = environment.seconds("CLIP_BODY_SECONDS", given: ("--body-seconds", bodySeconds)) {
            configuration.bodyTimeLimit = value
        }
        if let value = environment.seconds("CLIP_STALL_SECONDS", given: ("--stall-seconds", stallSeconds)) {
            configuration.stallTimeLimit = value
        }
        if let value = environment.seconds("CLIP_SEND_SECONDS", given: ("--send-seconds", sendSeconds)) {
            configuration.sendTimeLimit = value
        }
        if let value = environment.seconds("CLIP_SHUTDOWN_DELAY", given: ("--shutdown-delay", shutdownDelay))
        {
            configuration.shutdownDelay = value
        }
        if let value = environment.seconds("CLIP_DRAIN_SECONDS", given: ("--drain-seconds", drainSeconds)) {
            configuration.drainTimeLimit = value
        }
        if let value = environment.list(
            "CLIP_ALLOW_ORIGINS",
            "ALLOW_ORIGINS",
            given: ("--allow-origins", allowOrigins)
        ), !value.isEmpty {
            configuration.allowedOrigins = value
        }
    }
}
