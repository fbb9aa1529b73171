import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The name under which a client takes turns and has shares.
package enum ClientAddress {
    /// The client's address.
    ///
    /// For IPv6 it is the network, because a client with one address has all of its 64 bits; for local networks, which
    /// many machines share, it is the whole address.
    static func name(of address: SocketAddress?) -> String? {
        guard let address, address.protocol == .inet6 else { return address?.ipAddress }
        // The address follows the family, the port and the flow label (RFC 3493, 3.3).
        return address.withSockAddr { start, _ in
            name(ofIPv6: Array(UnsafeRawBufferPointer(start: UnsafeRawPointer(start) + 8, count: 16)))
        }
    }

    /// - Parameter bytes: the 16 bytes of an address; one that stands for an IPv4 address gets that address as its
    ///   name.
    package static func name(ofIPv6 bytes: [UInt8]) -> String {
        let stands: [[UInt8]] = [
            [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF],
            [0, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8),
        ]
        if stands.contains(where: bytes.starts) {
            return bytes[12...].map(String.init).joined(separator: ".")
        }
        // Addresses of one link (fe80::/10) or one site (fc00::/7).
        let isLocal = bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 || bytes[0] & 0xFE == 0xFC
        let groups = stride(from: 0, to: isLocal ? 16 : 8, by: 2).map {
            String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16)
        }
        return groups.joined(separator: ":") + (isLocal ? "" : "::/64")
    }
}
