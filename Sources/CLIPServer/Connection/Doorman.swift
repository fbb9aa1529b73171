import CLIPEngine
import NIOCore
import NIOPosix
import Synchronization

/// Accepts connections on a thread of its own, and hands those to the event loops whose clients are still connected.
///
/// Clients that connect and leave by the thousand fill the system's queue. Setting each connection up would make later
/// clients wait for a tenth of a second; seeing that a client has left takes microseconds.
final class Doorman: Sendable {
    /// The largest number of connections that wait to be set up; further ones wait in the system's queue, where those
    /// that give up cost nothing.
    private static let mostComing = 32
    /// This many connections in a row are a crowd.
    private static let crowd = 64
    /// Milliseconds until the next try if neither the table nor the system has room.
    private static let pause: CInt = 2

    private let socket: ListeningSocket
    private let service: ConnectionService
    private var table: ConnectionTable { service.table }
    private let isShut = Atomic(false)

    init(_ socket: ListeningSocket, _ service: ConnectionService) {
        self.socket = socket
        self.service = service
        service.table.whenRoom { socket.wake() }
    }

    /// Starts the thread; it ends after ``shut()`` and then calls back.
    func start(_ onEnd: @escaping @Sendable () -> Void) {
        NamedThread.start(service.purpose.threadName, 1) { [self] in
            var row = 0
            while !isShut.load(ordering: .acquiring) { takeTurn(&row) }
            letInTheLast()
            socket.shut()
            onEnd()
        }
    }

    func shut() {
        isShut.store(true, ordering: .releasing)
        socket.wake()
    }

    /// Accepts one connection, or waits for one.
    ///
    /// - Parameter row: how many connections have been accepted in a row.
    private func takeTurn(_ row: inout Int) {
        guard table.expected < Self.mostComing else { return socket.wait(.wake) }
        guard table.hasRoom() else {
            guard socket.isAwaited else {
                table.isNotAwaited()
                return socket.wait(.connection)
            }
            // Connections that are too new to make room now will be old enough soon.
            table.makeRoom()
            return socket.wait(.time(Self.pause))
        }
        row += 1
        switch socket.next(hasCrowd: row > Self.crowd) {
        case .connection(let connection): letIn(connection)
        case .over: break
        case .none:
            row = 0
            socket.wait(.connection)
        case .noRoom:
            table.makeRoom(always: true)
            socket.wait(.time(Self.pause))
        }
    }

    /// Accepts the clients that are connected already: they may have sent a request, and closing the socket would cut
    /// them off.
    private func letInTheLast() {
        // The number is limited to the system's queue, because more clients may keep coming.
        for _ in 0..<ListeningSocket.backlog {
            guard table.hasRoom() else { return }
            switch socket.next(hasCrowd: false) {
            case .connection(let connection): letIn(connection)
            case .over: break
            case .none, .noRoom: return
            }
        }
    }

    private func letIn(_ connection: CInt) {
        table.expect()
        let service = service
        ClientBootstrap(group: service.loops.group)
            .channelOption(.allowRemoteHalfClosure, value: true)
            // Each read takes the bytes of one connection, so that many get a turn even if some never stop sending.
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(service: service))
                }
            }
            .withConnectedSocket(connection)
            .whenComplete { [self] _ in
                if table.settled() == Self.mostComing { socket.wake() }
            }
    }
}
