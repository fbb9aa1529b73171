/// An absolute http or https URL in a form that every program reads the same way.
///
/// It is strict about scheme, host and port: if RFC 3986, browsers and libcurl disagree, the URL is refused. It is
/// lenient about path and query, in which users have blanks, quotes and letters of any language: characters that a URL
/// may not contain are percent-encoded as in Python's `requests`. Which addresses may be reached is not decided here
/// but when the connection is opened. So a host may have any spelling that the system's resolver accepts (`2130706433`,
/// `0x7f.1`, `localhost.`).
package struct ImageURL: Equatable, Sendable {
    /// `http` or `https`.
    package let scheme: String
    /// The host, for rules about hosts.
    package let host: URLHost
    /// The host and the port in ASCII, as they were given.
    private let authority: String
    /// The path, percent-encoded; it may be empty.
    private let path: String
    /// The query with its question mark, percent-encoded; it may be empty.
    private let query: String

    /// The URL in ASCII, without a fragment.
    package var text: String { scheme + "://" + authority + path + query }

    /// Reads a URL that a client gave.
    package init(_ given: String, maxBytes: Int) throws(FetchingError) {
        try self.init(Array(given.utf8), maxBytes: maxBytes)
    }

    /// Reads the target of a redirect from `base`.
    ///
    /// It is the value of a `Location` field, of any bytes, absolute or relative (RFC 3986, section 5.2).
    package init(redirect location: [UInt8], from base: ImageURL, maxBytes: Int) throws(FetchingError) {
        let target: String
        switch location.first {
        case _ where Self.scheme(of: location[...]) != nil:
            try self.init(location, maxBytes: maxBytes)
            return
        case UInt8(ascii: "/") where location.dropFirst().first == UInt8(ascii: "/"):
            target = base.scheme + ":"
        case UInt8(ascii: "/"):
            target = base.scheme + "://" + base.authority
        case UInt8(ascii: "?"):
            target = base.scheme + "://" + base.authority + base.path
        case UInt8(ascii: "#"), nil:
            self = base
            return
        default:
            let folder = base.path.utf8.lastIndex(of: UInt8(ascii: "/")).map { base.path[...$0] } ?? "/"
            target = base.scheme + "://" + base.authority + folder
        }
        // The limit applies to what the server wrote, without the parts that are added from the base.
        guard location.count <= maxBytes else { throw .invalidURL(.tooLong(limit: maxBytes)) }
        try self.init(Array(target.utf8) + location, maxBytes: .max)
    }

    private init(_ bytes: [UInt8], maxBytes: Int) throws(FetchingError) {
        guard bytes.count <= maxBytes else { throw .invalidURL(.tooLong(limit: maxBytes)) }
        // A blank around the URL is a mistake of whoever made it, which the reference server refuses, too. Within the
        // path and the query it is part of a name.
        guard bytes.first != UInt8(ascii: " "), bytes.last != UInt8(ascii: " "),
            !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { throw .invalidURL(.forbiddenCharacter) }
        guard let (scheme, afterScheme) = Self.scheme(of: bytes[...]) else {
            throw .invalidURL(.missingScheme)
        }
        guard scheme == "http" || scheme == "https" else {
            throw .schemeNotAllowed(String(scheme.prefix(32)))
        }
        guard afterScheme.starts(with: "//".utf8) else {
            throw .invalidURL(
                afterScheme.prefix(2).contains(UInt8(ascii: "\\")) ? .forbiddenCharacter : .missingHost
            )
        }
        let rest = afterScheme.dropFirst(2)
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        let target = rest[authority.endIndex...].prefix { $0 != UInt8(ascii: "#") }
        let path = target.prefix { $0 != UInt8(ascii: "?") }
        self.scheme = scheme
        (host, self.authority) = try Self.host(of: authority)
        self.path = Self.percentEncoded(path)
        query = Self.percentEncoded(target[path.endIndex...])
    }

    /// Splits at the scheme's colon: RFC 3986, section 3.1.
    private static func scheme(of bytes: ArraySlice<UInt8>) -> (String, ArraySlice<UInt8>)? {
        let scheme = bytes.prefix { $0.isLetterOrDigit || "+-.".utf8.contains($0) }
        guard let first = scheme.first, first.isLetterOrDigit, !first.isDigit,
            bytes[scheme.endIndex...].first == UInt8(ascii: ":")
        else { return nil }
        return (String(decoding: scheme, as: UTF8.self).lowercased(), bytes[(scheme.endIndex + 1)...])
    }

    /// Reads the host, and gives it with the authority in ASCII.
    private static func host(of authority: ArraySlice<UInt8>) throws(FetchingError) -> (URLHost, String) {
        guard !authority.contains(where: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\\") }) else {
            throw .invalidURL(.forbiddenCharacter)
        }
        guard !authority.contains(UInt8(ascii: "@")) else { throw .invalidURL(.hasCredentials) }
        guard let first = authority.first else { throw .invalidURL(.missingHost) }
        var name: ArraySlice<UInt8>
        if first == UInt8(ascii: "[") {
            guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else {
                throw .invalidURL(.invalidHost)
            }
            name = authority[...end]
        } else {
            name = authority.prefix { $0 != UInt8(ascii: ":") }
        }
        let port = authority[name.endIndex...]
        guard !name.isEmpty else { throw .invalidURL(.missingHost) }
        if name.contains(where: { $0 >= 0x80 }) {
            guard let ascii = URLHost.ascii(name) else { throw .invalidURL(.hostNotASCII) }
            name = ascii[...]
        }
        guard let host = URLHost(name) else { throw .invalidURL(.invalidHost) }
        guard port.isEmpty || isPort(port) else { throw .invalidURL(.invalidPort) }
        return (host, String(decoding: name + port, as: UTF8.self))
    }

    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        let digits = bytes.dropFirst()
        guard bytes.first == UInt8(ascii: ":"), digits.count <= 5, digits.allSatisfy(\.isDigit) else {
            return false
        }
        return Int(String(decoding: digits, as: UTF8.self)).map { (1...65535).contains($0) } ?? false
    }

    /// A path or query in which bytes that may not stand there are percent-encoded (RFC 3986, section 3.3).
    ///
    /// If all percent signs begin an escape, they stay. If one does not, all are encoded, since then none was meant as
    /// an escape (`100% wool.png`). urllib3, which `requests` uses, does the same.
    private static func percentEncoded(_ bytes: ArraySlice<UInt8>) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let isEscaped = bytes.indices.allSatisfy { index in
            bytes[index] != UInt8(ascii: "%")
                || bytes[index...].dropFirst().prefix(2).count == 2
                    && bytes[index...].dropFirst().prefix(2).allSatisfy(\.isHexDigit)
        }
        var encoded: [UInt8] = []
        encoded.reserveCapacity(bytes.count)
        for byte in bytes {
            if byte.isLetterOrDigit || "-._~!$&'()*+,;=:@/?".utf8.contains(byte)
                || byte == UInt8(ascii: "%") && isEscaped
            {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
