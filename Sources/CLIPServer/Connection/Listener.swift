import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A port that is listened at, with its connections.
struct Listener: Service {
    let host: String
    let port: Int
    let service: ConnectionService
    let logger: Logger
    let onListening: @Sendable (Int) -> Void

    /// Connections that wait to be accepted; a crowd that comes at once is not turned away for coming at once.
    private static let backlog = 1024

    func run() async throws {
        // What the library calls errors are connections that were cut, by us or by their clients.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .critical)
        let server = HTTPConnectionChannel(service: service).server(
            configuration: HummingbirdCore.ServerConfiguration(
                address: .hostname(host, port: port),
                backlog: Self.backlog,
                availableConnectionsDelegate: ConnectionDoor(table: service.table)
            ),
            onServerRunning: { [onListening] channel in onListening(channel.localAddress?.port ?? 0) },
            eventLoopGroup: service.loops.group,
            logger: quiet
        )
        do {
            try await server.run()
        } catch let error as IOError {
            throw ListeningFailure(port: port, number: error.errnoCode)
        } catch is SocketAddressError {
            throw ListeningFailure(port: port, number: nil)
        }
    }
}

/// Why a port cannot be listened at.
struct ListeningFailure: Error {
    let port: Int
    /// The system's number; nil where the host is none.
    let number: CInt?

    /// - Parameter setting: the flag that chose the port.
    func sentence(host: String, setting: String) -> String {
        switch number {
        case EADDRINUSE: "Port \(port) of '\(host)' is taken by another process; \(setting) takes another."
        case EACCES:
            "Port \(port) needs rights that this user has not; \(setting) takes one above 1023."
        case EADDRNOTAVAIL:
            "'\(host)' is no address of this machine; --host takes one that is, or 0.0.0.0 for all."
        case nil:
            "There is no address to listen at called '\(host)'; --host takes an address such as 0.0.0.0."
        case let number?:
            "Port \(port) of '\(host)' cannot be listened at: \(String(cString: strerror(number))). \(setting) takes another."
        }
    }
}

/// A service that is told to stop by its owner, at the time that the owner chooses, and not when everything is.
final class DetachedService: Sendable {
    private let group: ServiceGroup
    private let task = Mutex<Task<Void, any Error>?>(nil)

    init(_ service: any Service, logger: Logger) {
        group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [service], logger: logger))
    }

    /// Lasts until the service has ended.
    func run() async throws {
        // Detached, so that it does not learn of the shutdown of those around it.
        let task = Task.detached { [group] in try await group.run() }
        self.task.withLock { $0 = task }
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Has it finish what it has begun.
    func stop() {
        Task { [group] in await group.triggerGracefulShutdown() }
    }

    /// Ends it.
    func cancel() {
        task.withLock { $0 }?.cancel()
    }
}
