import CLIPServer
import Testing

@Suite("What clients are told apart by")
struct ClientAddressTests {
    @Test("Addresses of one IPv6 network are one client, and IPv4 is called the same in both families")
    func names() {
        func name(_ groups: UInt16...) -> String {
            ClientAddress.name(ofIPv6: groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] })
        }
        #expect(name(0x2001, 0xDB8, 1, 2, 3, 4, 5, 6) == "2001:db8:1:2::/64")
        #expect(name(0x2001, 0xDB8, 1, 2, 0xFFFF, 0, 0, 1) == "2001:db8:1:2::/64")
        #expect(name(0x2001, 0xDB8, 1, 3, 3, 4, 5, 6) == "2001:db8:1:3::/64")
        #expect(name(0, 0, 0, 0, 0, 0xFFFF, 0xC0A8, 0x0102) == "192.168.1.2")
        #expect(name(0, 0, 0, 0, 0, 0, 0, 1) == "0:0:0:0::/64")
        #expect(name(0x64, 0xFF9B, 0, 0, 0, 0, 0xC0A8, 0x0102) == "192.168.1.2")
        #expect(name(0xFE80, 0, 0, 0, 1, 2, 3, 4) == "fe80:0:0:0:1:2:3:4")
        #expect(name(0xFD12, 1, 2, 3, 0, 0, 0, 5) == "fd12:1:2:3:0:0:0:5")
    }
}
