import CLIPEngine
import Foundation
import Synchronization

/// A web server that takes one request and keeps it waiting: the way to have a request in hand for as long as a test
/// wants, by sending the server under test an image URL.
final class HeldUpstream: Sendable {
    private let listener: Int32
    private let connection = Mutex<Int32>(-1)
    let port: Int

    init() throws {
        let listener = try Loopback.socket()
        let bound = Loopback.withAddress(port: 0) { bind(listener, $0, $1) }
        guard bound == 0, listen(listener, 8) == 0 else {
            throw HTTPConnection.Failure(what: "listen: \(errno)")
        }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &size) }
        }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit {
        close(listener)
        let descriptor = connection.withLock { $0 }
        if descriptor >= 0 { close(descriptor) }
    }

    var imageBody: [UInt8] {
        Array(#"{"image":{"type":"url","value":"http://127.0.0.1:\#(port)/a.png"}}"#.utf8)
    }

    /// Waits until the request is there.
    func accepted() async throws {
        try await Loopback.onThread { [self] in
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { throw HTTPConnection.Failure(what: "accept: \(errno)") }
            var timeout = timeval(tv_sec: 60, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
            connection.withLock { $0 = descriptor }
            var chunk = [UInt8](repeating: 0, count: 4096)
            _ = recv(descriptor, &chunk, chunk.count, 0)
        }
    }

    /// Answers the request.
    func release(_ image: [UInt8]) {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: \(image.count)\r\nConnection: close\r\n\r\n"
        let descriptor = connection.withLock { $0 }
        (Array(head.utf8) + image).withUnsafeBytes { _ = Loopback.send(descriptor, $0) }
    }

    /// Waits until the one who asked gives up.
    func abandoned() async throws -> Bool {
        try await Loopback.onThread { [self] in
            var chunk = [UInt8](repeating: 0, count: 16)
            return recv(connection.withLock { $0 }, &chunk, chunk.count, 0) == 0
        }
    }
}

extension EngineConfiguration {
    /// Fetches from this machine, and waits for what is held on purpose however busy the machine is.
    mutating func waitsForHeldUpstreams() {
        allowsPrivateAddresses = true
        fetchTimeLimit = .seconds(120)
        fetchMinimumSpeed = 0
    }
}
