#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Recognises addresses that only their own machine can reach.
package enum LoopbackAddress {
    /// Whether all addresses of a host are loopback addresses; false if it has none.
    ///
    /// A name is looked up, because `localhost.example` may be any machine, and a machine's own name may be its
    /// loopback address.
    package static func isMeant(by host: String) -> Bool {
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, nil, &found) == 0, let found else { return false }
        defer { freeaddrinfo(found) }
        var next: UnsafeMutablePointer<addrinfo>? = found
        while let entry = next {
            guard let address = entry.pointee.ai_addr, isLoopback(address) else { return false }
            next = entry.pointee.ai_next
        }
        return true
    }

    /// Whether the address is in `127.0.0.0/8`, is `::1`, or is one of the former written in IPv6.
    private static func isLoopback(_ address: UnsafeMutablePointer<sockaddr>) -> Bool {
        let start = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET: return start.load(fromByteOffset: 4, as: UInt8.self) == 127
        case AF_INET6:
            let bytes = UnsafeRawBufferPointer(start: start + 8, count: 16)
            if bytes.dropLast().allSatisfy({ $0 == 0 }) { return bytes.last == 1 }
            return bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
                && bytes[12] == 127
        default: return false
        }
    }
}
