import CLIPFetching
import Foundation
import Testing

@Suite("Address policy")
struct AddressPolicyTests {
    /// The address in the system's own reading of its text.
    static func address(_ text: String) throws -> IPAddress {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return .v4(UInt32(bigEndian: four.s_addr)) }
        var six = in6_addr()
        try #require(inet_pton(AF_INET6, text, &six) == 1, "\(text) is no address")
        let halves = withUnsafeBytes(of: six) { bytes in
            [bytes[0..<8], bytes[8..<16]].map { half in half.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        }
        return .v6(high: halves[0], low: halves[1])
    }

    @Test(
        "An IPv4 address that is not public is refused",
        arguments: [
            "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.0.0", "169.254.169.254",
            "169.254.255.255",
            "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.192", "192.0.0.255", "192.0.2.0",
            "192.0.2.255",
            "192.88.99.0", "192.88.99.255", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255",
            "198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255", "224.0.0.0", "239.255.255.255",
            "240.0.0.0", "255.255.255.254", "255.255.255.255",
        ]
    )
    func refusedIPv4(text: String) throws {
        #expect(!AddressPolicy.publicAddresses.allows(try Self.address(text)))
    }

    @Test(
        "Its neighbour outside the range is allowed",
        arguments: [
            "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255",
            "172.32.0.0",
            "191.255.255.255", "192.0.1.0", "192.0.1.255", "192.0.3.0", "192.88.98.255", "192.88.100.0",
            "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
            "203.0.112.255", "203.0.114.0", "223.255.255.255", "8.8.8.8",
        ]
    )
    func allowedIPv4(text: String) throws {
        #expect(AddressPolicy.publicAddresses.allows(try Self.address(text)))
    }

    @Test(
        "An IPv6 address that is not public is refused",
        arguments: [
            "::", "::1", "::2", "100::", "100::ffff:ffff:ffff:ffff", "1fff:ffff::", "2001:2::1", "2001:10::1",
            "2001:20::1", "2001:1ff:ffff::", "2001:db8::", "2001:db8:ffff:ffff::1", "3fff::",
            "3fff:fff:ffff::1",
            "4000::", "5f00::1", "fc00::", "fd00:ec2::254", "fdff:ffff::1", "fe80::", "fe80::1",
            "febf:ffff::1", "fec0::1",
            "feff::1", "ff00::", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ]
    )
    func refusedIPv6(text: String) throws {
        #expect(!AddressPolicy.publicAddresses.allows(try Self.address(text)))
    }

    @Test(
        "A global unicast IPv6 address beside the refused ranges is allowed",
        arguments: [
            "2000::", "2001:200::", "2001:db7:ffff::", "2001:db9::", "3ffe:ffff::1", "3fff:1000::",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
        ]
    )
    func allowedIPv6(text: String) throws {
        #expect(AddressPolicy.publicAddresses.allows(try Self.address(text)))
    }

    @Test(
        "IPv6 that carries a refused IPv4 address is refused",
        arguments: [
            "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1", "::127.0.0.1",
            "2002:7f00:1::1", "2002:c0a8:101::1", "2002:a9fe:a9fe::1", "64:ff9b::127.0.0.1",
            "64:ff9b::172.16.0.1",
            "64:ff9b::100.64.0.1",
            // Local NAT64 is refused whatever it carries.
            "64:ff9b:1::10.0.0.1", "64:ff9b:1::8.8.8.8", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
            // Teredo: a private server, and a private client (10.0.0.1 inverted).
            "2001:0:a00:1::f7f7:f7f7", "2001:0:808:808::f5ff:fffe",
            // ISATAP under a public prefix, both bits of the identifier, and under a public 6to4 prefix.
            "2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:192.168.0.1", "2002:808:808::5efe:10.0.0.1",
            // IPv4-translated form.
            "::ffff:0:10.0.0.1",
        ]
    )
    func carriedRefused(text: String) throws {
        #expect(!AddressPolicy.publicAddresses.allows(try Self.address(text)))
    }

    @Test(
        "IPv6 that carries a public IPv4 address is allowed",
        arguments: [
            "::ffff:8.8.8.8", "::8.8.8.8", "2002:808:808::1", "64:ff9b::8.8.8.8", "2001:0:808:808::f7f7:f7f7",
            "2606:4700::5efe:8.8.8.8", "2606:4700::200:5efe:8.8.8.8",
        ]
    )
    func carriedAllowed(text: String) throws {
        #expect(AddressPolicy.publicAddresses.allows(try Self.address(text)))
    }

    @Test("Exceptions are exactly the addresses given")
    func exceptions() throws {
        let policy = AddressPolicy.publicAddresses(and: [.loopback])
        #expect(policy.allows(try Self.address("127.0.0.1")))
        #expect(!policy.allows(try Self.address("127.0.0.2")))
        #expect(!policy.allows(try Self.address("::ffff:127.0.0.1")))
        #expect(policy.allows(try Self.address("8.8.8.8")))
    }

    @Test(
        "The policy for intranets allows everything",
        arguments: ["127.0.0.1", "10.0.0.1", "::1", "fe80::1", "8.8.8.8"]
    )
    func everyAddress(text: String) throws {
        #expect(AddressPolicy.everyAddress.allows(try Self.address(text)))
    }
}
