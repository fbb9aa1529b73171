import NIOCore
import Synchronization

/// A port on which the server listens, with its connections.
final class Listener: Sendable {
    private struct State {
        var doorman: Doorman?
        var isOver = false
    }

    private let host: String
    private let port: Int
    private let service: ConnectionService
    private let onListening: @Sendable (Int) -> Void
    private let state = Mutex(State())

    init(
        host: String,
        port: Int,
        service: ConnectionService,
        onListening: @escaping @Sendable (Int) -> Void
    ) {
        self.host = host
        self.port = port
        self.service = service
        self.onListening = onListening
    }

    /// Runs until the listener was stopped and its last connection has ended; cancelling ends the connections.
    func run() async throws(ListeningFailure) {
        let socket = try ListeningSocket(host: host, port: port)
        let doorman = Doorman(socket, service)
        let isOver = state.withLock { state in
            state.doorman = doorman
            return state.isOver
        }
        if isOver { doorman.shut() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { ended in
                doorman.start { [table = service.table] in table.whenEmpty { ended.resume() } }
                onListening(socket.port)
            }
        } onCancel: {
            cut()
        }
    }

    /// Accepts no more connections, and lets the open ones finish their requests.
    func stop() { end(with: ChannelShouldQuiesceEvent()) }

    /// Ends all connections.
    func cut() { end(with: ConnectionService.Cut()) }

    private func end(with farewell: any Sendable) {
        service.table.tellAll(farewell)
        let doorman = state.withLock { state in
            state.isOver = true
            return state.doorman
        }
        doorman?.shut()
    }
}
