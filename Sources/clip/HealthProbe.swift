#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Sends one GET request on a connection of its own and reads a short answer, within a time limit.
///
/// A container calls it every few seconds, so it starts in milliseconds and needs no library.
package struct HealthProbe {
    /// The server's answer.
    package struct Answer: Equatable {
        package let status: Int
        package let body: String
        /// What the field `server` says, which is the program as a rule.
        package let server: String?
    }

    package let host: String
    let port: Int
    let path: String
    let timeLimit: Duration

    private static let mostBytes = 64 << 10

    package init(host: String, port: Int, path: String, timeLimit: Duration) {
        (self.host, self.port, self.path, self.timeLimit) = (host, port, path, timeLimit)
    }

    /// The address under which this machine reaches a server that listens on `host`, which may mean all addresses.
    package static func reachable(_ host: String) -> String {
        switch host {
        case "0.0.0.0", "": "127.0.0.1"
        case "::", "[::]": "::1"
        default: host
        }
    }

    private var place: String { "\(host):\(port)" }

    /// Sends the request and waits for the answer.
    package func answer() throws(HealthProbeError) -> Answer {
        let end = ContinuousClock.now + timeLimit
        let descriptor = try connected(until: end)
        defer { close(descriptor) }
        let name = host.contains(":") ? "[\(host)]" : host
        var request = Array(
            "GET \(path) HTTP/1.1\r\nHost: \(name):\(port)\r\nConnection: close\r\n\r\n".utf8
        )[...]
        while !request.isEmpty {
            try wait(for: POLLOUT, descriptor, until: end)
            let count = request.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw .unreachable(place: place, cause: String(cString: strerror(errno))) }
            request = request.dropFirst(count)
        }
        var bytes: [UInt8] = []
        while bytes.count < Self.mostBytes {
            try wait(for: POLLIN, descriptor, until: end)
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, initialized in
                count = recv(descriptor, buffer.baseAddress, 4096, 0)
                initialized = max(0, count)
            }
            guard count > 0 else { break }
            bytes += chunk
        }
        guard let answer = Self.read(bytes) else { throw .noAnswer(place: place) }
        return answer
    }

    /// The status and body of an HTTP answer; nil if the bytes are none.
    package static func read(_ bytes: [UInt8]) -> Answer? {
        let text = String(decoding: bytes, as: UTF8.self)
        let words = text.prefix { !$0.isNewline }.split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]),
            let blank = text.firstRange(of: "\r\n\r\n")
        else { return nil }
        let fields = text[..<blank.lowerBound].split(separator: "\r\n").dropFirst().map {
            $0.split(separator: ":", maxSplits: 1)
        }
        let server = fields.first {
            $0.count == 2 && $0[0].utf8.count == "server".utf8.count && $0[0].lowercased() == "server"
        }?[1]
        return Answer(
            status: status,
            body: String(text[blank.upperBound...]),
            server: server.map { String($0.drop(while: \.isWhitespace)) }
        )
    }

    private func connected(until end: ContinuousClock.Instant) throws(HealthProbeError) -> Int32 {
        var hints = addrinfo()
        hints.ai_protocol = 6  // TCP
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0 else { throw .noAddress(host: host) }
        defer { freeaddrinfo(found) }
        var cause = "it has no address"
        var next = found
        while let entry = next {
            next = entry.pointee.ai_next
            let descriptor = socket(
                entry.pointee.ai_family,
                entry.pointee.ai_socktype,
                entry.pointee.ai_protocol
            )
            guard descriptor >= 0 else { continue }
            guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
                close(descriptor)
                continue
            }
            var code: Int32 = 0
            if connect(descriptor, entry.pointee.ai_addr, entry.pointee.ai_addrlen) != 0 { code = errno }
            if code == EINPROGRESS {
                do throws(HealthProbeError) {
                    try wait(for: POLLOUT, descriptor, until: end)
                } catch {
                    close(descriptor)
                    throw error
                }
                var size = socklen_t(MemoryLayout<Int32>.size)
                getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
            }
            if code == 0 { return descriptor }
            cause = String(cString: strerror(code))
            close(descriptor)
        }
        throw .unreachable(place: place, cause: cause)
    }

    private func wait(
        for events: Int32,
        _ descriptor: Int32,
        until end: ContinuousClock.Instant
    ) throws(HealthProbeError) {
        while true {
            let left = max(.zero, end - .now) / .milliseconds(1)
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let count = poll(&entry, 1, Int32(min(left.rounded(.up), 86_400_000)))
            if count > 0 { return }
            if count < 0, errno == EINTR { continue }
            throw .tookTooLong(place: place)
        }
    }
}
