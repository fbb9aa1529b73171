import Foundation

/// What came back for one request.
struct HTTPAnswer: Sendable {
    var status: Int
    /// Names in lower case.
    var fields: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON in Foundation's types.
    var json: NSDictionary {
        (try? JSONSerialization.jsonObject(with: Data(body))) as? NSDictionary ?? [:]
    }

    var message: String? { json["message"] as? String }
}

/// A client so plain that it can also misbehave: one socket, blocking calls, a minute of patience.
final class HTTPConnection {
    struct Failure: Error {
        let what: String
    }

    private let socket: Int32
    private var buffer: [UInt8] = []

    /// - Parameter receiveBuffer: bytes that the system keeps for a reader who is slow; its own choice if nil.
    init(port: Int, receiveBuffer: Int32? = nil) throws {
        socket = try Loopback.socket()
        var timeout = timeval(tv_sec: 60, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
        if var receiveBuffer {
            setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        let result = Loopback.withAddress(port: port) { connect(socket, $0, $1) }
        // It is closed at the end of what was begun here: closed twice, it could be somebody else's by then.
        guard result == 0 else { throw Failure(what: "connect: \(errno)") }
    }

    deinit {
        close(socket)
    }

    /// A connection on which the embeddings of so many texts are under way, of which hardly any were read.
    static func reading(_ texts: Int, port: Int, receiveBuffer: Int32) throws -> HTTPConnection {
        let connection = try HTTPConnection(port: port, receiveBuffer: receiveBuffer)
        let list = (0..<texts).map { "\"\($0)\"" }.joined(separator: ",")
        try connection.send(
            "POST",
            "/clip/embed_text",
            body: Array(#"{"text":[\#(list)]}"#.utf8),
            fields: [("Content-Type", "application/json")]
        )
        try connection.awaitFirstBytes()
        return connection
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Loopback.send(socket, $0) }
            guard count > 0 else { throw Failure(what: "send: \(errno)") }
            sent += count
        }
    }

    func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    /// Sends a whole request; a body gets its length announced.
    func send(
        _ method: String,
        _ path: String,
        body: [UInt8]? = nil,
        fields: [(String, String)] = []
    ) throws {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        try send(Array((head + "\r\n").utf8) + (body ?? []))
    }

    /// The next answer.
    func answer(toHead: Bool = false) throws -> HTTPAnswer {
        let end = Array("\r\n\r\n".utf8)
        var headLength: Int?
        while headLength == nil {
            headLength = (0...max(0, buffer.count - 4)).first { buffer[$0...].starts(with: end) }
            if headLength == nil, try !fill() { throw Failure(what: "the connection ended within a head") }
        }
        let lines = String(decoding: buffer[..<(headLength ?? 0)], as: UTF8.self).split(separator: "\r\n")
        buffer.removeFirst((headLength ?? 0) + 4)
        guard let line = lines.first, let status = Int(line.split(separator: " ")[1]) else {
            throw Failure(what: "no status line")
        }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let halves = line.split(separator: ":", maxSplits: 1)
            fields[halves[0].lowercased()] = halves[1].drop { $0 == " " }.description
        }
        let length = toHead || status < 200 ? 0 : fields["content-length"].flatMap(Int.init) ?? 0
        while buffer.count < length {
            guard try fill() else { throw Failure(what: "the connection ended within a body") }
        }
        defer { buffer.removeFirst(length) }
        return HTTPAnswer(status: status, fields: fields, body: Array(buffer[..<length]))
    }

    /// Waits until some of an answer is there, and leaves the rest with the server.
    func awaitFirstBytes() throws {
        var chunk = [UInt8](repeating: 0, count: 16)
        let count = recv(socket, &chunk, chunk.count, 0)
        guard count > 0 else { throw Failure(what: "receive: \(errno)") }
        buffer += chunk[..<count]
    }

    /// Reads so many bytes of an answer, and a little more, and leaves the rest with the server.
    func read(atLeast count: Int) throws {
        let end = buffer.count + count
        while buffer.count < end {
            guard try fill() else { throw Failure(what: "the connection ended within an answer") }
        }
    }

    /// Whether the server closes the connection without another byte.
    func isEnded() throws -> Bool {
        guard buffer.isEmpty else { return false }
        return try !fill()
    }

    /// ``isEnded()``, with no more patience than that.
    func isEnded(within seconds: Double) throws -> Bool {
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, Int32(seconds * 1000)) > 0 else { return false }
        return try isEnded()
    }

    /// Reads what there is; false at the end of the connection.
    private func fill() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &chunk, chunk.count, 0)
        if count < 0 {
            if errno == ECONNRESET { return false }
            throw Failure(what: "receive: \(errno)")
        }
        buffer += chunk[..<count]
        return count > 0
    }
}

/// Sockets of this machine.
enum Loopback {
    static func socket() throws -> Int32 {
        #if canImport(Glibc)
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let descriptor = Foundation.socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { throw HTTPConnection.Failure(what: "socket: \(errno)") }
        return descriptor
    }

    static func withAddress<Result>(
        port: Int,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Sends without the signal that ends the process when the other side is gone.
    static func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
        Glibc.send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        #else
        Foundation.send(socket, bytes.baseAddress, bytes.count, 0)
        #endif
    }

    /// Runs blocking work on a thread of its own: the pool that tasks run on has no more threads than the machine has
    /// cores, and the server needs it.
    static func onThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try work() })
            }
        }
    }
}
