/// Decides which addresses may be connected to.
///
/// The public policy allows addresses that the IANA special-purpose registries (RFC 6890) call globally reachable,
/// except some where no image server can be. An IPv6 address that carries an IPv4 address is judged by the latter,
/// because a gateway on the way would extract it.
package struct AddressPolicy: Equatable, Sendable {
    private let allowsEverything: Bool
    private let exceptions: Set<IPAddress>

    /// Public addresses only.
    package static let publicAddresses = AddressPolicy(allowsEverything: false, exceptions: [])

    /// Every address, the server's own included.
    package static let everyAddress = AddressPolicy(allowsEverything: true, exceptions: [])

    /// Public addresses, and exactly these others.
    package static func publicAddresses(and exceptions: Set<IPAddress>) -> AddressPolicy {
        AddressPolicy(allowsEverything: false, exceptions: exceptions)
    }

    /// Whether a connection to the address may be opened.
    package func allows(_ address: IPAddress) -> Bool {
        if allowsEverything || exceptions.contains(address) { return true }
        return switch address {
        case .v4(let bits): Self.isPublic(bits)
        case .v6(let high, let low): Self.isPublic(high, low)
        }
    }

    private static func isPublic(_ address: UInt32) -> Bool {
        !refusedIPv4.contains { $0.contains(address) }
    }

    private static func isPublic(_ high: UInt64, _ low: UInt64) -> Bool {
        let address = IPAddress.v6(high: high, low: low)
        if let host = address.interfaceIPv4, !isPublic(host) { return false }
        if let carried = address.tunnelledIPv4 { return carried.allSatisfy(isPublic) }
        // RFC 4291 and IANA: global unicast is 2000::/3. Outside it lie the unspecified address and loopback (::/128,
        // ::1/128), IPv4-translated (::ffff:0:0:0/96, RFC 2765), local NAT64 (64:ff9b:1::/48, RFC 8215; all of it is
        // refused, because the place of its IPv4 address depends on the network), discard-only (100::/64, RFC 6666),
        // segment routing (5f00::/16, RFC 9602), unique local (fc00::/7, RFC 4193), link-local (fe80::/10), site-local
        // (fec0::/10, RFC 3879) and multicast (ff00::/8).
        return IPv6Prefix(0x2000, length: 3).contains(high) && !refusedIPv6.contains { $0.contains(high) }
    }

    private static let refusedIPv4: [IPv4Prefix] = [
        IPv4Prefix(0, 0, 0, 0, length: 8),  // "this network" and the unspecified address: RFC 1122
        IPv4Prefix(10, 0, 0, 0, length: 8),  // private: RFC 1918
        IPv4Prefix(100, 64, 0, 0, length: 10),  // carrier-grade NAT, and Alibaba's metadata service: RFC 6598
        IPv4Prefix(127, 0, 0, 0, length: 8),  // loopback: RFC 1122
        IPv4Prefix(168, 63, 129, 16, length: 32),  // Azure's platform address, in every machine
        IPv4Prefix(169, 254, 0, 0, length: 16),  // link-local, and most clouds' metadata service: RFC 3927
        IPv4Prefix(172, 16, 0, 0, length: 12),  // private: RFC 1918
        IPv4Prefix(192, 0, 0, 0, length: 24),  // IETF protocol assignments: RFC 6890
        IPv4Prefix(192, 0, 2, 0, length: 24),  // documentation: RFC 5737
        IPv4Prefix(192, 88, 99, 0, length: 24),  // retired 6to4 relays: RFC 7526
        IPv4Prefix(192, 168, 0, 0, length: 16),  // private: RFC 1918
        IPv4Prefix(198, 18, 0, 0, length: 15),  // benchmarking: RFC 2544
        IPv4Prefix(198, 51, 100, 0, length: 24),  // documentation: RFC 5737
        IPv4Prefix(203, 0, 113, 0, length: 24),  // documentation: RFC 5737
        IPv4Prefix(224, 0, 0, 0, length: 4),  // multicast: RFC 5771
        IPv4Prefix(240, 0, 0, 0, length: 4),  // reserved, and broadcast: RFC 1112, RFC 919
    ]

    private static let refusedIPv6: [IPv6Prefix] = [
        // IETF protocol assignments, RFC 2928, which include benchmarking (2001:2::/48, RFC 5180) and ORCHID
        // (2001:10::/28 and 2001:20::/28, RFC 4843 and 7343).
        IPv6Prefix(0x2001, length: 23),
        IPv6Prefix(0x2001, 0x0DB8, length: 32),  // documentation: RFC 3849
        IPv6Prefix(0x3FFF, length: 20),  // documentation: RFC 9637
    ]
}
