import NIOCore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A listening socket, and the pipe that wakes the thread waiting for connections.
///
/// One thread waits, accepts and closes the socket; any thread may call ``wake()``.
final class ListeningSocket: Sendable {
    /// How many connections may wait to be accepted, if the system allows that many.
    ///
    /// A client that finds the queue full tries again only after a second, so the queue has room for a crowd.
    static let backlog: CInt = 4096

    /// The port, which the system has chosen if 0 was asked for.
    let port: Int
    private let descriptor: CInt
    private let isOpen = Atomic(true)
    private let wakeReader: CInt
    private let wakeWriter: CInt

    init(host: String, port: Int) throws(ListeningFailure) {
        let descriptor = try Self.listening(host: host, port: port)
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else {
            let number = errno
            close(descriptor)
            throw ListeningFailure(port: port, number: number)
        }
        for own in ends + [descriptor] {
            Self.keep(own)
            _ = fcntl(own, F_SETFL, fcntl(own, F_GETFL) | O_NONBLOCK)
        }
        self.descriptor = descriptor
        (wakeReader, wakeWriter) = (ends[0], ends[1])
        self.port = Self.port(of: descriptor)
    }

    /// A socket that listens on the first of the host's addresses that works.
    private static func listening(host: String, port: Int) throws(ListeningFailure) -> CInt {
        var hints = addrinfo()
        hints.ai_socktype = stream
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0 else {
            throw ListeningFailure(port: port, number: nil)
        }
        defer { freeaddrinfo(found) }
        var number: CInt?
        var next = found
        while let address = next?.pointee {
            next = address.ai_next
            let descriptor = socket(address.ai_family, stream, 0)
            if descriptor >= 0 {
                var yes: CInt = 1
                setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
                let isBound = bind(descriptor, address.ai_addr, address.ai_addrlen) == 0
                if isBound, listen(descriptor, backlog) == 0 { return descriptor }
            }
            let problem = errno
            close(descriptor)
            // A client would not look for the server on the host's other addresses.
            guard problem != EADDRINUSE, problem != EACCES else {
                throw ListeningFailure(port: port, number: problem)
            }
            number = problem
        }
        throw ListeningFailure(port: port, number: number)
    }

    deinit {
        shut()
        close(wakeReader)
        close(wakeWriter)
    }

    /// Closes the socket; calling it again does no harm.
    func shut() {
        if isOpen.exchange(false, ordering: .relaxed) { close(descriptor) }
    }

    /// Ends a wait of another thread, or the next one.
    func wake() {
        var byte: UInt8 = 0
        _ = write(wakeWriter, &byte, 1)
    }

    /// Whether a connection waits to be accepted.
    var isAwaited: Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 0) > 0
    }

    enum Wait {
        /// Until a connection comes, or ``wake()`` is called.
        case connection
        /// Until ``wake()`` is called.
        case wake
        /// For this many milliseconds, or until ``wake()`` is called.
        case time(CInt)
    }

    func wait(_ kind: Wait) {
        let readable = Int16(POLLIN)
        var polled = [
            pollfd(fd: wakeReader, events: readable, revents: 0),
            pollfd(fd: descriptor, events: readable, revents: 0),
        ]
        switch kind {
        case .connection: _ = poll(&polled, 2, -1)
        case .wake: _ = poll(&polled, 1, -1)
        case .time(let milliseconds): _ = poll(&polled, 1, milliseconds)
        }
        guard polled[0].revents != 0 else { return }
        var bytes = [UInt8](repeating: 0, count: 64)
        _ = read(wakeReader, &bytes, bytes.count)
    }

    /// The outcome of accepting a connection.
    enum Accepted {
        case connection(CInt)
        /// The connection had ended before it was accepted.
        case over
        case none
        /// The system has no room for another connection.
        case noRoom
    }

    /// Accepts the next connection.
    ///
    /// - Parameter hasCrowd: whether so many clients wait that requests of those that have hung up already are not
    ///   answered.
    func next(hasCrowd: Bool) -> Accepted {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else {
            switch errno {
            case EAGAIN, EWOULDBLOCK: return .none
            // On Linux these are errors of the connection itself.
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, EOPNOTSUPP,
                ENETUNREACH:
                return .over
            // The system lacks descriptors or memory, or the error will stay, so trying again at once is no use.
            default: return .noRoom
            }
        }
        guard Self.isThere(connection, hasCrowd: hasCrowd) else {
            close(connection)
            return .over
        }
        Self.keep(connection)
        return .connection(connection)
    }

    /// Whether the client is still connected and may send a request.
    private static func isThere(_ connection: CInt, hasCrowd: Bool) -> Bool {
        var byte: UInt8 = 0
        let count = recv(connection, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT))
        guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) }
        #if os(Linux)
        guard hasCrowd else { return true }
        var polled = pollfd(fd: connection, events: Self.hungUp, revents: 0)
        return poll(&polled, 1, 0) <= 0
        #else
        return true
        #endif
    }

    /// `POLLRDHUP` of Linux, which its header does not show to Swift.
    private static let hungUp: Int16 = 0x2000

    #if canImport(Glibc)
    private static let stream = CInt(SOCK_STREAM.rawValue)
    #else
    private static let stream = SOCK_STREAM
    #endif

    /// Keeps a descriptor from programs that this one starts.
    private static func keep(_ descriptor: CInt) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    private static func port(of descriptor: CInt) -> Int {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var name = [CChar](repeating: 0, count: 8)
        let isKnown = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &size) == 0
                    && getnameinfo($0, size, nil, 0, &name, socklen_t(name.count), NI_NUMERICSERV) == 0
            }
        }
        return isKnown
            ? Int(String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)) ?? 0
            : 0
    }
}
