import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// A port that is listened at, with its connections.
struct Listener: Service {
    let host: String
    let port: Int
    let service: ConnectionService
    let onListening: @Sendable (Int) -> Void

    /// Lasts until the port is closed and the last of its connections has ended.
    ///
    /// Told to shut down, connections finish what is in hand; cancelled, they end at once.
    func run() async throws {
        let table = service.table
        let socket = try ListeningSocket(host: host, port: port)
        let doorman = Doorman(socket, service)
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withCheckedContinuation { ended in
                    doorman.start { table.whenEmpty { ended.resume() } }
                    onListening(socket.port)
                }
            } onGracefulShutdown: {
                table.tellAll(ChannelShouldQuiesceEvent())
                doorman.shut()
            }
        } onCancel: {
            table.tellAll(ConnectionService.Cut())
            doorman.shut()
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
