#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// An absolute http or https URL in a form that every program reads the same way.
///
/// Strict on purpose: where RFC 3986, browsers and libcurl disagree, the URL is refused. Which addresses may
/// be reached is not decided here but where the connection is opened, so a host may be written in any
/// spelling that the system's resolver takes (`2130706433`, `0x7f.1`, `localhost.`).
package struct ImageURL: Equatable, Sendable {
    /// The URL in ASCII: without a fragment, and with what is outside ASCII in its path and query
    /// percent-encoded.
    package let text: String

    package init(_ given: String, maxBytes: Int) throws(FetchingError) {
        guard given.utf8.count <= maxBytes else { throw .invalidURL(.tooLong(limit: maxBytes)) }
        let bytes = Array(given.utf8)
        guard !bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }) else {
            throw .invalidURL(.forbiddenCharacter)
        }
        let (scheme, afterScheme) = try Self.scheme(of: bytes[...])
        guard scheme == "http" || scheme == "https" else {
            throw .schemeNotAllowed(String(scheme.prefix(32)))
        }
        guard afterScheme.starts(with: "//".utf8) else { throw .invalidURL(.missingHost) }
        let rest = afterScheme.dropFirst(2)
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        try Self.check(authority: authority)
        let target = rest[authority.endIndex...].prefix { $0 != UInt8(ascii: "#") }
        text = scheme + "://" + String(decoding: authority, as: UTF8.self) + Self.percentEncoded(target)
    }

    /// Splits at the scheme's colon: RFC 3986, section 3.1.
    private static func scheme(
        of bytes: ArraySlice<UInt8>
    ) throws(FetchingError) -> (String, ArraySlice<UInt8>) {
        let scheme = bytes.prefix { isLetterOrDigit($0) || "+-.".utf8.contains($0) }
        guard let first = scheme.first, isLetterOrDigit(first), !isDigit(first) else {
            throw .invalidURL(.missingScheme)
        }
        guard bytes[scheme.endIndex...].first == UInt8(ascii: ":") else { throw .invalidURL(.missingScheme) }
        return (String(decoding: scheme, as: UTF8.self).lowercased(), bytes[(scheme.endIndex + 1)...])
    }

    private static func check(authority: ArraySlice<UInt8>) throws(FetchingError) {
        guard !authority.contains(UInt8(ascii: "@")) else { throw .invalidURL(.hasCredentials) }
        guard authority.allSatisfy({ $0 < 0x80 }) else { throw .invalidURL(.hostNotASCII) }
        guard let first = authority.first else { throw .invalidURL(.missingHost) }
        let host: ArraySlice<UInt8>
        if first == UInt8(ascii: "[") {
            guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else {
                throw .invalidURL(.invalidHost)
            }
            host = authority[...end]
            guard isIPv6(host.dropFirst().dropLast()) else { throw .invalidURL(.invalidHost) }
        } else {
            host = authority.prefix { $0 != UInt8(ascii: ":") }
            guard !host.isEmpty else { throw .invalidURL(.missingHost) }
            guard isName(host) else { throw .invalidURL(.invalidHost) }
        }
        let port = authority[host.endIndex...]
        guard port.isEmpty || isPort(port) else { throw .invalidURL(.invalidPort) }
    }

    /// Whether the bytes are letters, digits, hyphens and underscores between single dots, a last dot
    /// allowed; 255 is the bound of RFC 1035.
    private static func isName(_ host: ArraySlice<UInt8>) -> Bool {
        let labels = (host.last == UInt8(ascii: ".") ? host.dropLast() : host)
            .split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return host.count <= 255
            && labels.allSatisfy { label in
                !label.isEmpty && label.allSatisfy { isLetterOrDigit($0) || "-_".utf8.contains($0) }
            }
    }

    private static func isIPv6(_ host: ArraySlice<UInt8>) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET6, String(decoding: host, as: UTF8.self), &address) == 1
    }

    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        let digits = bytes.dropFirst()
        guard bytes.first == UInt8(ascii: ":"), digits.count <= 5, digits.allSatisfy(isDigit) else {
            return false
        }
        return Int(String(decoding: digits, as: UTF8.self)).map { (1...65535).contains($0) } ?? false
    }

    private static func percentEncoded(_ bytes: ArraySlice<UInt8>) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in bytes {
            if byte < 0x80 {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
