import CLIPEngine
import NIOCore
import NIOPosix
import Synchronization

/// Takes connections in on a thread of its own, and hands those that somebody is at to the event loops.
///
/// Who connects and leaves by the thousand fills the system's queue, and setting each up would have everybody behind wait
/// for a tenth of a second; to see that one is over takes some microseconds.
final class Doorman: Sendable {
    /// What waits to be set up by the event loops; more waits in the system's queue, where those that give up are dropped
    /// for nothing.
    private static let mostComing = 32
    /// As many one after the other are a crowd.
    private static let crowd = 64
    /// Milliseconds until it is tried again where neither the table nor the system has room.
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

    /// Starts the thread, which ends after ``shut()`` and calls back then.
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

    /// Lets in who is there, or waits for somebody.
    ///
    /// - Parameter row: how many were there one after the other.
    private func takeTurn(_ row: inout Int) {
        guard table.expected < Self.mostComing else { return socket.wait(.wake) }
        guard table.hasRoom() else {
            guard socket.isAwaited else {
                table.isNotAwaited()
                return socket.wait(.connection)
            }
            // Those who have only just come will be old enough to make room soon.
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

    /// Who is connected already may have asked already, and would be cut off with the socket.
    private func letInTheLast() {
        // No longer than the system's queue can be, which others may go on filling.
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
            // One connection's bytes at a time, so that many get a turn where some never stop sending.
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
