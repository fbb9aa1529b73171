public import CLIPEngine
package import CLIPIndex
public import Logging
import NIOCore
public import ServiceLifecycle
import Synchronization
import UnixSignals

/// Serves an engine over HTTP, with the routes, bodies and answers of Roboflow Inference Server.
///
/// The engine is the caller's: start it before or while the server runs (`/readiness` tells which), shut it down once
/// ``run()`` has returned.
public final class EmbeddingServer: Service {
    private let engine: EmbeddingEngine
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let identity: ServerIdentity
    private let metrics: PrometheusMetrics
    private let pictures: PictureSearch?
    private let onListening: @Sendable (Int) -> Void
    private let stages = ShutdownStages()

    /// Checks the configuration.
    ///
    /// Nothing is bound until ``run()``.
    ///
    /// - Parameters:
    ///   - engine: what answers; started by the caller, before or meanwhile.
    ///   - configuration: where it listens, and its limits.
    ///   - logger: told of what happens, never of what is in requests.
    ///   - version: the program's version, for `/info`.
    ///   - metrics: what `/metrics` tells of beside the engine's state. Set `EngineConfiguration.metrics` to the same: without that the
    ///     engine's stages, batches, caches, refusals and loads, the first nine rows of the table in Operations.md, are missing there.
    ///   - onListening: called with the port once connections are accepted; the way to learn it if 0 was asked for.
    /// - Throws: `ServerConfigurationError` with every problem at once.
    public convenience init(
        engine: EmbeddingEngine,
        configuration: ServerConfiguration = ServerConfiguration(),
        logger: Logger,
        version: String,
        metrics: PrometheusMetrics = PrometheusMetrics(),
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(ServerConfigurationError) {
        try self.init(
            engine: engine,
            pictures: nil,
            configuration: configuration,
            logger: logger,
            version: version,
            metrics: metrics,
            onListening: onListening
        )
    }

    /// The same with an index of pictures that is searched.
    ///
    /// - Parameter pictures: the index, by the same engine; nil for none.
    package init(
        engine: EmbeddingEngine,
        pictures: PictureSearch?,
        configuration: ServerConfiguration = ServerConfiguration(),
        logger: Logger,
        version: String,
        metrics: PrometheusMetrics = PrometheusMetrics(),
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(ServerConfigurationError) {
        let problems = configuration.validate()
        guard problems.isEmpty else { throw ServerConfigurationError(problems: problems) }
        self.engine = engine
        self.configuration = configuration
        self.logger = logger
        identity = ServerIdentity(version: version)
        self.metrics = metrics
        self.pictures = pictures
        self.onListening = onListening
    }

    /// Accepts and answers requests until its task is cancelled, or its service group is told to shut down.
    ///
    /// Then `/readiness` says no for the configured delay, while requests are served; then no connection is accepted any
    /// more, idle ones are closed, and requests in hand finish, for at most the configured time.
    ///
    /// - Throws: `ServerConfigurationError` if a port is taken or the address is none of this machine.
    public func run() async throws {
        let (stages, configuration) = (stages, configuration)
        let routes = RouteContext(
            engine: engine,
            identity: identity,
            configuration: configuration,
            metrics: ServerMetrics(metrics),
            pictures: pictures
        ) {
            stages.isReady.load(ordering: .acquiring)
        }
        let isLocal = LoopbackAddress.isMeant(by: configuration.host)
        let requests = listener(routes, isLocal: isLocal, for: .requests, at: configuration.port)
        let beside = [
            (ListenerPurpose.health, configuration.healthPort), (.metrics, configuration.metricsPort),
        ].compactMap { purpose, port in
            port.map { listener(routes, isLocal: isLocal, for: purpose, at: $0) }
        }
        do {
            try await withGracefulShutdownHandler {
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    group.addTask {
                        try await requests.run()
                        return true
                    }
                    for listener in beside {
                        group.addTask {
                            try await listener.run()
                            return false
                        }
                    }
                    // Health and figures are told to the very end.
                    while let isDone = try await group.next(), !isDone {}
                    for listener in beside { listener.stop() }
                    let end = Task {
                        try? await Task.sleep(for: Self.graceBeside)
                        for listener in beside { listener.cut() }
                    }
                    defer { end.cancel() }
                    try await group.waitForAll()
                }
            } onGracefulShutdown: { [engine] in
                stages.isReady.store(false, ordering: .releasing)
                // Nobody has been sent to a server that still fetches what it is to serve, so nobody has to be sent elsewhere.
                let wasNeverReady = engine.endFetching()
                Task {
                    if configuration.shutdownDelay > .zero, !wasNeverReady {
                        try? await Task.sleep(for: configuration.shutdownDelay)
                    }
                    stages.isOpen.store(false, ordering: .releasing)
                    requests.stop()
                    try? await Task.sleep(for: configuration.drainTimeLimit)
                    requests.cut()
                }
            }
        } catch let failure as ListeningFailure {
            let setting =
                switch failure.port {
                case configuration.healthPort: "--health-port"
                case configuration.metricsPort: "--metrics-port"
                default: "--port"
                }
            throw ServerConfigurationError(
                problems: [failure.sentence(host: configuration.host, setting: setting)]
            )
        }
    }

    /// ``run()`` until SIGTERM or SIGINT arrives.
    ///
    /// - Parameter onSecondSignal: called for another of these signals, when somebody does not want to wait any longer.
    public func runUntilSignalled(onSecondSignal: @escaping @Sendable () -> Void = {}) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [self], logger: logger)
        )
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let listening = Task {
            var isFirst = true
            for await _ in signals {
                if isFirst { await group.triggerGracefulShutdown() } else { onSecondSignal() }
                isFirst = false
            }
        }
        defer { listening.cancel() }
        try await group.run()
    }

    /// What listens at one port.
    private func listener(
        _ routes: RouteContext,
        isLocal: Bool,
        for purpose: ListenerPurpose,
        at port: Int
    ) -> Listener {
        let host = configuration.host
        let stages = stages
        let crossOrigin = CrossOrigin(allowedOrigins: configuration.allowedOrigins)
        let handler = RequestHandler(
            routes: routes,
            crossOrigin: crossOrigin,
            access: AccessGuard(
                keys: APIKeys(purpose == .metrics ? [] : configuration.apiKeys),
                managementKeys: APIKeys(configuration.managementKeys),
                allowsManagement: configuration.allowsManagement,
                isLocal: isLocal,
                crossOrigin: crossOrigin
            ),
            unpacker: BodyUnpacker(
                limit: configuration.maxBodyBytes,
                budget: engine.budget,
                pool: routes.desk.pool
            ),
            timeLimit: configuration.requestTimeLimit,
            keepsConnections: { stages.isOpen.load(ordering: .acquiring) },
            log: RequestLog(logger)
        )
        let service = ConnectionService(
            handler: handler,
            table: ConnectionTable(
                limit: purpose == .requests ? configuration.maxConnections : Self.connectionsBeside
            ),
            limits: ConnectionLimits(configuration),
            budget: engine.budget,
            loops: purpose == .requests ? .requests : .beside,
            purpose: purpose
        )
        let isGuarded = isLocal || !configuration.apiKeys.isEmpty
        let what = pictures == nil ? "this server" : "this server and the pictures of its index"
        return Listener(host: host, port: port, service: service) {
            [logger, onListening] port in
            let address = "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
            switch purpose {
            case .health: return logger.notice("health checks are answered on \(address)")
            case .metrics: return logger.notice("metrics are served on \(address)/metrics")
            case .requests: logger.notice("listening on \(address)")
            }
            if !isGuarded {
                logger.warning(
                    "other machines can reach \(what), and no key is asked of them; --api-keys-file names keys"
                )
            }
            onListening(port)
        }
    }

    /// Connections of the health port, and of that of metrics, beside those of requests.
    package static let connectionsBeside = 256

    /// How long these may take to finish once there are no other requests.
    private static let graceBeside: Duration = .milliseconds(500)

    /// Event loops of a server, with that of the ports beside if it has such.
    package static func eventLoops(withPortsBeside hasPortsBeside: Bool) -> Int {
        EventLoops.requestCount + (hasPortsBeside ? 1 : 0)
    }
}

/// How far a shutdown has come.
private final class ShutdownStages: Sendable {
    /// Whether `/readiness` may say yes.
    let isReady = Atomic(true)
    /// Whether connections are accepted and kept.
    let isOpen = Atomic(true)
}

/// A configuration that was refused.
public struct ServerConfigurationError: Error, Equatable, Sendable {
    /// Every problem, in sentences.
    public let problems: [String]
}
