internal import CCurl

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The host of a URL, in a form in which two spellings of one host are equal.
///
/// Names are in lower case, without a final dot. An address is equal to itself in any of the spellings that the
/// system's resolver accepts (`2130706433`, `0x7f.1`, `::ffff:127.0.0.1`).
package struct URLHost: Hashable, Sendable, CustomStringConvertible {
    /// The address, if the host is one.
    package let address: IPAddress?
    /// The name; empty if the host is an address.
    package let name: String
    /// The host in words for a log: what was given, in ASCII.
    package let description: String

    /// Reads a host of a URL, with brackets if it is an IPv6 address; nil if it is neither a name nor an address.
    package init?(_ given: some Collection<UInt8>) {
        let text = String(decoding: given, as: UTF8.self).lowercased()
        if text.hasPrefix("["), text.hasSuffix("]") {
            guard let address = Self.ipv6(text.dropFirst().dropLast()) else { return nil }
            self.address = address
        } else {
            guard Self.isName(Array(given)) else { return nil }
            address = Self.ipv4(text)
        }
        name = address == nil ? String(text.hasSuffix(".") ? text.dropLast() : text[...]) : ""
        description = text
    }

    package static func == (one: URLHost, other: URLHost) -> Bool {
        one.address == other.address && one.name == other.name
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(address)
        hasher.combine(name)
    }

    /// The ASCII form of an international name by UTS 46, as in `requests` and browsers.
    ///
    /// It is nil if the name has none, or if this system lacks the library.
    static func ascii(_ name: some Collection<UInt8>) -> [UInt8]? {
        // IDNA allows no longer name, and a longer one would take its time.
        guard name.count <= 1024 else { return nil }
        var buffer = [CChar](repeating: 0, count: 256)
        let text = Array(name).map(CChar.init(bitPattern:)) + [0]
        guard clip_idn_ascii_name(text, &buffer, buffer.count) else { return nil }
        return buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
    }

    /// Whether a public name service can know the host.
    ///
    /// Such a host is a name of at least two labels whose last one is not reserved for private use. Reserved are those
    /// of RFC 2606, 6761, 6762, 7686, 8375 and 9476, ICANN's `internal`, and those that RFC 6762, appendix G, lists as
    /// in use on private networks.
    var isPublicName: Bool {
        guard address == nil else { return false }
        let labels = name.split(separator: ".")
        guard labels.count > 1, let last = labels.last else { return false }
        // No top-level domain contains a digit, except in its xn-- form.
        guard last.hasPrefix("xn--") || last.utf8.allSatisfy({ $0 >= UInt8(ascii: "a") }) else {
            return false
        }
        return !Self.reservedDomains.contains(String(last))
            && labels.suffix(2).map(String.init) != ["home", "arpa"]
    }

    private static let reservedDomains: Set<String> = [
        "alt", "corp", "example", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain",
        "localhost", "onion", "private", "test",
    ]

    private static func ipv4(_ text: String) -> IPAddress? {
        var address = in_addr()
        // The last label of a name may not be a number, so what begins and ends like one is either an address or
        // invalid.
        return inet_aton(text.hasSuffix(".") ? String(text.dropLast()) : text, &address) == 1
            ? .v4(UInt32(bigEndian: address.s_addr)) : nil
    }

    private static func ipv6(_ text: Substring) -> IPAddress? {
        var address = in6_addr()
        guard inet_pton(AF_INET6, String(text), &address) == 1 else { return nil }
        let (high, low) = withUnsafeBytes(of: &address) { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        // A dual-stack socket writes the IPv4 address in this form: RFC 4291, section 2.5.5.2.
        if high == 0, low >> 32 == 0xFFFF { return .v4(UInt32(truncatingIfNeeded: low)) }
        return .v6(high: high, low: low)
    }

    /// Whether the bytes are letters, digits, hyphens and underscores between single dots; a final dot is allowed.
    ///
    /// The longest name, 255, is the limit of RFC 1035.
    private static func isName(_ host: [UInt8]) -> Bool {
        let labels = (host.last == UInt8(ascii: ".") ? host.dropLast() : host[...])
            .split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return host.count <= 255
            && labels.allSatisfy { label in
                !label.isEmpty && label.allSatisfy { $0.isLetterOrDigit || "-_".utf8.contains($0) }
            }
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isHexDigit: Bool { isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self | 0x20) }

    var isLetterOrDigit: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
