import ArgumentParser
internal import CLIPServer

/// The options of `clip serve` for sockets: where it listens, and how much connections may hold and for how long.
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

    @Option(
        help:
            "A port that answers /metrics only, to everybody, with connections of its own. CLIP_METRICS_PORT."
    )
    var metricsPort: Int?

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
        environment.fill(host: &configuration.host, "--host", host, "CLIP_HOST", "HOST", isUsable: isUsable)
        environment.fill(port: &configuration.port, "--port", port, "CLIP_PORT", "PORT")
        environment.fill(&configuration.maxBodyBytes, "--max-body-bytes", maxBodyBytes, "CLIP_MAX_BODY_BYTES")
        environment.fill(
            &configuration.maxConnections,
            "--max-connections",
            maxConnections,
            "CLIP_MAX_CONNECTIONS"
        )
        environment.fill(port: &configuration.healthPort, "--health-port", healthPort, "CLIP_HEALTH_PORT")
        environment.fill(port: &configuration.metricsPort, "--metrics-port", metricsPort, "CLIP_METRICS_PORT")
        environment.fill(
            seconds: &configuration.idleTimeLimit,
            "--idle-seconds",
            idleSeconds,
            "CLIP_IDLE_SECONDS"
        )
        environment.fill(
            seconds: &configuration.headTimeLimit,
            "--header-seconds",
            headerSeconds,
            "CLIP_HEADER_SECONDS"
        )
        environment.fill(
            seconds: &configuration.bodyTimeLimit,
            "--body-seconds",
            bodySeconds,
            "CLIP_BODY_SECONDS"
        )
        environment.fill(
            seconds: &configuration.stallTimeLimit,
            "--stall-seconds",
            stallSeconds,
            "CLIP_STALL_SECONDS"
        )
        environment.fill(
            seconds: &configuration.sendTimeLimit,
            "--send-seconds",
            sendSeconds,
            "CLIP_SEND_SECONDS"
        )
        environment.fill(
            seconds: &configuration.shutdownDelay,
            "--shutdown-delay",
            shutdownDelay,
            "CLIP_SHUTDOWN_DELAY"
        )
        environment.fill(
            seconds: &configuration.drainTimeLimit,
            "--drain-seconds",
            drainSeconds,
            "CLIP_DRAIN_SECONDS"
        )
        environment.fill(
            &configuration.allowedOrigins,
            "--allow-origins",
            allowOrigins,
            "CLIP_ALLOW_ORIGINS",
            "ALLOW_ORIGINS"
        )
    }
}
