import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a client is called where clients take turns and have shares.
package enum ClientAddress {
    /// Its address; of IPv6 the network, since whoever has one address has all of its 64 bits.
    static func name(of address: SocketAddress?) -> String? {
        guard let address, address.protocol == .inet6 else { return address?.ipAddress }
        // Behind the family, the port and a label (RFC 3493, 3.3).
        return address.withSockAddr { start, _ in
            name(ofIPv6: Array(UnsafeRawBufferPointer(start: UnsafeRawPointer(start) + 8, count: 16)))
        }
    }

    /// - Parameter bytes: the 16 of an address; those that stand for an IPv4 address are called by it.
    package static func name(ofIPv6 bytes: [UInt8]) -> String {
        if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10...11] == [0xFF, 0xFF] {
            return bytes[12...].map(String.init).joined(separator: ".")
        }
        let groups = stride(from: 0, to: 8, by: 2).map {
            String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16)
        }
        return groups.joined(separator: ":") + "::/64"
    }
}
