extension IPAddress {
    /// The IPv4 addresses that an IPv6 prefix says it carries; nil if it carries none, and for an IPv4 address.
    var tunnelledIPv4: [UInt32]? {
        guard case .v6(let high, let low) = self else { return nil }
        let last = UInt32(truncatingIfNeeded: low)
        // IPv4-mapped (::ffff:0:0/96) and the deprecated IPv4-compatible form (::/96): RFC 4291, section
        // 2.5.5.
        if high == 0, low >> 32 == 0xFFFF || low >> 32 == 0 { return [last] }
        // NAT64's well-known prefix, 64:ff9b::/96: RFC 6052.
        if high == 0x0064_FF9B_0000_0000, low >> 32 == 0 { return [last] }
        // 6to4, 2002::/16, with the address after the prefix: RFC 3056.
        if high >> 48 == 0x2002 { return [UInt32(truncatingIfNeeded: high >> 16)] }
        // Teredo, 2001::/32, with the server's address and the client's, the latter inverted: RFC 4380.
        if high >> 32 == 0x2001_0000 { return [UInt32(truncatingIfNeeded: high), ~last] }
        return nil
    }

    /// The IPv4 address of an ISATAP interface, under any prefix.
    ///
    /// The interface identifier has 0:5efe or 200:5efe before the address (RFC 5214).
    var interfaceIPv4: UInt32? {
        guard case .v6(_, let low) = self, low >> 32 & 0xFDFF_FFFF == 0x5EFE else { return nil }
        return UInt32(truncatingIfNeeded: low)
    }

    /// Every IPv4 address at which a connection to this address may end, because a gateway on the way extracts it.
    var possibleIPv4: [UInt32] {
        guard case .v6(let high, let low) = self else { return [] }
        var found = (tunnelledIPv4 ?? []) + (interfaceIPv4.map { [$0] } ?? [])
        let last = UInt32(truncatingIfNeeded: low)
        // IPv4-translated, ::ffff:0:0:0/96: RFC 2765.
        if high == 0, low >> 32 == 0xFFFF_0000 { found.append(last) }
        // Local NAT64, 64:ff9b:1::/48 (RFC 8215): the place of the address depends on the length of the network's
        // prefix within it, 48, 56, 64 or 96 bits, and bits 64 to 71 are skipped (RFC 6052, section 2.2).
        if high >> 16 == 0x0064_FF9B_0001 {
            found += [
                UInt32(truncatingIfNeeded: high << 16 & 0xFFFF_0000 | low >> 40 & 0xFFFF),
                UInt32(truncatingIfNeeded: high << 24 & 0xFF00_0000 | low >> 32 & 0xFF_FFFF),
                UInt32(truncatingIfNeeded: low >> 24), last,
            ]
        }
        return found
    }
}
