internal import CLIPFiles

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Names and addresses to listen on.
package enum HostName {
    /// Whether it is an address, or `localhost`, the one name that means this machine everywhere.
    package static func isAddress(_ host: String) -> Bool {
        var bytes = in6_addr()
        return inet_pton(AF_INET, host, &bytes) == 1 || inet_pton(AF_INET6, host, &bytes) == 1
            || host.lowercased() == "localhost"
    }

    /// Why nobody can listen at a port.
    struct Problem: Equatable {
        /// What is wrong, and what helps.
        let sentence: String
        /// What a server that is started nevertheless ends with.
        let status: CommandStatus
        /// The port, where it is another process that listens there.
        let takenPort: Int?

        init(_ sentence: String, _ status: CommandStatus, takenPort: Int? = nil) {
            (self.sentence, self.status, self.takenPort) = (sentence, status, takenPort)
        }
    }

    /// Why nobody can listen there; nil where it can be done.
    ///
    /// It opens the address and closes it at once, because nothing else tells reliably which addresses a machine has.
    ///
    /// - Parameter setting: the flag and the variable that chose the port.
    static func problem(host: String, port: Int, setting: String = "--port or CLIP_PORT") -> Problem? {
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, nil, &found) == 0 else {
            return Problem(
                "There is no address to listen at called '\(host.printable)'; --host or CLIP_HOST takes an address such "
                    + "as 0.0.0.0, or a name of this machine.",
                .unusableSetting
            )
        }
        defer { freeaddrinfo(found) }
        var code: Int32 = 0
        var next = found
        while let entry = next {
            next = entry.pointee.ai_next
            guard entry.pointee.ai_protocol == tcp else { continue }
            code = failure(binding: entry.pointee, to: port)
            if code == 0 { return nil }
        }
        switch code {
        case EADDRINUSE:
            return Problem(
                "Port \(port) of '\(host.printable)' is taken by another process; \(setting) takes another, "
                    + "and 0 for any that is free.",
                .unavailable,
                takenPort: port
            )
        case EADDRNOTAVAIL:
            return Problem(
                "'\(host.printable)' is no address of this machine; --host or CLIP_HOST takes one that is, or 0.0.0.0 "
                    + "for all.",
                .unusableSetting
            )
        case EACCES:
            return Problem(
                "Port \(port) needs rights that this user has not; \(setting) takes one above 1023.",
                .notPermitted
            )
        default:
            return Problem(
                "Nobody can listen at port \(port) of '\(host.printable)': \(String(cString: strerror(code))). "
                    + "\(setting), and --host or CLIP_HOST, take others.",
                .unavailable
            )
        }
    }

    private static let tcp: Int32 = 6

    /// The system's error number if a socket cannot have the address and port; 0 if it can.
    private static func failure(binding address: addrinfo, to port: Int) -> Int32 {
        let descriptor = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        // As in the server, lingering connections of an earlier process do not matter.
        var reuses: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuses, socklen_t(MemoryLayout<Int32>.size))
        guard let place = address.ai_addr else { return EADDRNOTAVAIL }
        // IPv4 and IPv6 addresses have the port at the same place, in network byte order.
        UnsafeMutableRawPointer(place).storeBytes(
            of: UInt16(truncatingIfNeeded: port).bigEndian,
            toByteOffset: 2,
            as: UInt16.self
        )
        return bind(descriptor, place, address.ai_addrlen) == 0 ? 0 : errno
    }
}
