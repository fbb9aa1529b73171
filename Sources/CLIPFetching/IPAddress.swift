/// An IPv4 or IPv6 address as a number.
package enum IPAddress: Hashable, Sendable {
    /// The 32 bits, most significant first.
    case v4(UInt32)
    /// The upper and the lower 64 bits.
    case v6(high: UInt64, low: UInt64)
}

/// The first `length` bits of an IPv4 address.
struct IPv4Prefix: Sendable {
    let bits: UInt32
    let length: Int

    init(_ first: UInt32, _ second: UInt32, _ third: UInt32, _ fourth: UInt32, length: Int) {
        self.bits = first << 24 | second << 16 | third << 8 | fourth
        self.length = length
    }

    func contains(_ address: UInt32) -> Bool {
        (address ^ bits) >> (32 - UInt32(length)) == 0
    }
}

/// The first `length` bits, at most 64, of an IPv6 address.
struct IPv6Prefix: Sendable {
    let bits: UInt64
    let length: Int

    init(_ first: UInt64, _ second: UInt64 = 0, _ third: UInt64 = 0, _ fourth: UInt64 = 0, length: Int) {
        self.bits = first << 48 | second << 32 | third << 16 | fourth
        self.length = length
    }

    func contains(_ high: UInt64) -> Bool {
        (high ^ bits) >> (64 - UInt64(length)) == 0
    }
}
