import Foundation
import Synchronization

#if canImport(Darwin)
private let streamSocket = SOCK_STREAM
#else
private let streamSocket = Int32(SOCK_STREAM.rawValue)
#endif

/// A server on 127.0.0.1 that runs a script for every connection, each on a thread of its own.
///
/// No read waits longer than two minutes, so that a test that goes wrong ends.
public final class ScriptedServer: Sendable {
    /// Something that a test may wait for.
    public enum Event: Equatable, Sendable {
        case request(String)
        case closedByPeer
    }

    /// Where it listens.
    public let port: Int
    /// What has happened.
    public let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation
    private let listener: Int32
    private let connections = Mutex<(open: Set<Int32>, count: Int, isStopped: Bool, isListening: Bool)>(
        ([], 0, false, true)
    )

    /// The system has no socket to give.
    public struct SystemFailure: Error {}

    /// A server that runs this for each connection.
    public init(_ script: @escaping @Sendable (Connection) -> Void) throws {
        (listener, port) = try Self.listen(backlog: 128)
        (events, continuation) = AsyncStream.makeStream()
        Thread.detachNewThread { [self] in
            while true {
                let socket = accept(listener, nil, nil)
                guard socket >= 0 else { break }
                guard enter(socket) else { continue }
                Thread.detachNewThread { [self] in
                    script(Connection(socket: socket, events: continuation))
                    leave(socket)
                }
            }
            // Whoever stops it later must not touch a socket of that number, which is somebody else's by then.
            connections.withLock { $0.isListening = false }
            close(listener)
        }
    }

    /// A server that gives every request the answer that the closure has for it, on connections that stay
    /// open.
    public static func answering(_ answer: @escaping @Sendable (String) -> String) throws -> ScriptedServer {
        try ScriptedServer { connection in
            while let request = connection.readRequest(), connection.send(answer(request)) {}
        }
    }

    /// How many connections there have been.
    public var connectionCount: Int { connections.withLock { $0.count } }

    /// The address of a path.
    public func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// Ends listening and all connections.
    public func stop() {
        connections.withLock { connections in
            connections.isStopped = true
            for socket in connections.open { shutdown(socket, Int32(SHUT_RDWR)) }
            if connections.isListening { shutdown(listener, Int32(SHUT_RDWR)) }
        }
        continuation.finish()
    }

    /// A socket on 127.0.0.1 and its port, which nobody else gets while the socket is open.
    ///
    /// Without a backlog it does not listen: whoever connects is refused.
    public static func listen(backlog: Int32?) throws -> (socket: Int32, port: Int) {
        let listener = socket(AF_INET, streamSocket, 0)
        guard listener >= 0 else { throw SystemFailure() }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0
                    && backlog.map { Foundation.listen(listener, $0) == 0 } ?? true
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isBound else {
            close(listener)
            throw SystemFailure()
        }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// A socket that has begun to connect to the port.
    public static func connectWithoutWaiting(port: Int) throws -> Int32 {
        let client = socket(AF_INET, streamSocket, 0)
        guard client >= 0, fcntl(client, F_SETFL, O_NONBLOCK) == 0 else { throw SystemFailure() }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = connect(client, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return client
    }

    private func enter(_ socket: Int32) -> Bool {
        var limit = timeval(tv_sec: 120, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        return connections.withLock { connections in
            guard !connections.isStopped else {
                close(socket)
                return false
            }
            connections.open.insert(socket)
            connections.count += 1
            return true
        }
    }

    private func leave(_ socket: Int32) {
        connections.withLock { connections in
            connections.open.remove(socket)
            shutdown(socket, Int32(SHUT_RDWR))
            close(socket)
        }
    }
}

/// One accepted connection, used by its script's thread.
public struct Connection {
    fileprivate let socket: Int32
    fileprivate let events: AsyncStream<ScriptedServer.Event>.Continuation

    /// The head of the next request, which the test hears of too; nil when there is none.
    public func readRequest() -> String? {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while recv(socket, &byte, 1, 0) == 1 {
            head.append(byte)
            if head.suffix(4) == [13, 10, 13, 10] {
                let request = String(decoding: head, as: UTF8.self)
                events.yield(.request(request))
                return request
            }
        }
        return nil
    }

    /// Up to `count` bytes; empty when there are none.
    public func read(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = recv(socket, &bytes, count, 0)
        return Array(bytes.prefix(max(0, received)))
    }

    /// Sends everything; false when the peer is gone.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Foundation.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    /// Sends a text.
    @discardableResult
    public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Waits for a byte that the peer has no reason to send: an answer's delay.
    public func waitForNothing(milliseconds: Int) {
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        poll(&descriptor, 1, Int32(milliseconds))
    }

    /// Waits until the peer closes, and tells the test.
    public func waitForClose() {
        var byte: UInt8 = 0
        var received = recv(socket, &byte, 1, 0)
        while received > 0 { received = recv(socket, &byte, 1, 0) }
        if received == 0 || errno == ECONNRESET { events.yield(.closedByPeer) }
    }
}

/// An answer with its length.
public func answer(_ status: String = "200 OK", _ fields: String..., body: String = "") -> String {
    let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + fields
    return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
}
