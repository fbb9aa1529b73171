public import CLIPEngine
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import ServiceLifecycle
import Synchronization
import UnixSignals

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Serves an engine over HTTP, with the routes, bodies and answers of Roboflow Inference Server.
///
/// The engine is the caller's: start it before or while the server runs (`/readiness` tells which), shut it down once
/// ``run()`` has returned.
public final class EmbeddingServer: Service {
    private let engine: EmbeddingEngine
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let identity: ServerIdentity
    private let onListening: @Sendable (Int) -> Void
    private let isDraining = Atomic(false)

    /// Checks the configuration.
    ///
    /// Nothing is bound until ``run()``.
    ///
    /// - Parameters:
    ///   - version: the program's version, for `/info`.
    ///   - onListening: called with the port once connections are accepted; the way to learn it if 0 was asked for.
    /// - Throws: `ServerConfigurationError` with every problem at once.
    public init(
        engine: EmbeddingEngine,
        configuration: ServerConfiguration = ServerConfiguration(),
        logger: Logger,
        version: String,
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(ServerConfigurationError) {
        let problems = configuration.validate()
        guard problems.isEmpty else { throw ServerConfigurationError(problems: problems) }
        self.engine = engine
        self.configuration = configuration
        self.logger = logger
        identity = ServerIdentity(version: version)
        self.onListening = onListening
    }

    /// Accepts and answers requests until its task is cancelled, or its service group is told to shut down: then no
    /// connection is accepted any more, idle ones are closed, and requests in hand finish.
    ///
    /// - Throws: `ServerConfigurationError` if the port is taken; what the system says if the address cannot be bound
    ///   for another reason.
    public func run() async throws {
        let application = application
        do {
            try await withGracefulShutdownHandler {
                try await application.run()
            } onGracefulShutdown: {
                self.isDraining.store(true, ordering: .releasing)
            }
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ServerConfigurationError(problems: [
                "Port \(configuration.port) of \(configuration.host) is taken by another program; choose another."
            ])
        }
    }

    /// ``run()`` until SIGTERM or SIGINT arrives; then drains for at most the configured time.
    public func runUntilSignalled() async throws {
        var groupConfiguration = ServiceGroupConfiguration(
            services: [self],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        groupConfiguration.maximumGracefulShutdownDuration = configuration.drainTimeLimit
        try await ServiceGroup(configuration: groupConfiguration).run()
    }

    private var application: Application<RequestHandler> {
        let maxBodyBytes = configuration.maxBodyBytes
        let host = configuration.host
        let routes = Routes(engine: engine, identity: identity) { [isDraining = Draining(self)] in
            !isDraining.value
        }
        let handler = RequestHandler(
            routes: routes,
            crossOrigin: CrossOrigin(allowedOrigins: configuration.allowedOrigins),
            bodyCollector: BodyCollector(maxBytes: maxBodyBytes, timeLimit: configuration.bodyTimeLimit),
            timeLimit: configuration.requestTimeLimit,
            logger: logger
        )
        return Application(
            responder: handler,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [ClientPresence(maxBodyBytes: maxBodyBytes)],
                    idleTimeout: TimeAmount(configuration.idleTimeLimit)
                )
            ),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: configuration.port),
                serverName: identity.name,
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.maxConnections)
            ),
            onServerRunning: { [logger, onListening] channel in
                let port = channel.localAddress?.port ?? 0
                logger.notice("listening on http://\(host.contains(":") ? "[\(host)]" : host):\(port)")
                onListening(port)
            },
            logger: logger
        )
    }

    /// The server's flag, without keeping the server.
    private struct Draining: Sendable {
        private weak let server: EmbeddingServer?

        init(_ server: EmbeddingServer) {
            self.server = server
        }

        var value: Bool { server?.isDraining.load(ordering: .acquiring) ?? true }
    }
}

/// A configuration that was refused.
public struct ServerConfigurationError: Error, Equatable, Sendable {
    /// Every problem, in sentences.
    public let problems: [String]
}
