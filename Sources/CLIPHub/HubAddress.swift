internal import CCurl
internal import Foundation

/// An address of http or https, divided as far as rules need.
///
/// libcurl decides where an address leads, because libcurl connects to it: of two readers, one may see a user name
/// where the other sees a path. In addition, whatever the two could read differently is refused.
package struct HubAddress: Equatable, Sendable {
    package let text: String
    package let scheme: String
    /// The host and the port as written, in lower case.
    package let authority: String
    /// The host and the port as libcurl reads them, which adds the scheme's port if none is written.
    private let place: String

    /// Reads an address; nil for anything except `http://HOST...` and `https://HOST...` without a user.
    ///
    /// An address with a `\` is refused. Some programs take it for the end of the host and libcurl takes it for a part
    /// of the user, so the token would go to whatever host follows.
    package init?(_ text: String) {
        guard text.utf8.count <= 1 << 14, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !text.contains("\\"), let colon = text.range(of: "://")
        else { return nil }
        scheme = text[..<colon.lowerBound].lowercased()
        let rest = text[colon.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        authority = rest[..<end].lowercased()
        guard scheme == "http" || scheme == "https", Self.isAuthority(authority),
            let place = Self.place(of: text)
        else { return nil }
        self.text = text
        self.place = place
    }

    /// Whether a text is `HOST` or `HOST:PORT`, where the host is a name, a number, or in brackets.
    private static func isAuthority(_ text: String) -> Bool {
        text.wholeMatch(of: /(?:[a-z0-9._\-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?/) != nil
    }

    /// The host and the port to which libcurl would connect.
    private static func place(of text: String) -> String? {
        guard let address = curl_url() else { return nil }
        defer { curl_url_cleanup(address) }
        guard curl_url_set(address, CURLUPART_URL, text, UInt32(CURLU_DISALLOW_USER)) == CURLUE_OK else {
            return nil
        }
        func part(_ part: CURLUPart, _ flags: UInt32) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            defer { curl_free(value) }
            guard curl_url_get(address, part, &value, flags) == CURLUE_OK else { return nil }
            return value.map { String(cString: $0) }
        }
        guard let host = part(CURLUPART_HOST, 0), let port = part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT))
        else { return nil }
        return "\(host.lowercased()):\(port)"
    }

    package var isSecure: Bool { scheme == "https" }

    /// The host without the port.
    package var host: String {
        if authority.hasPrefix("[") {
            return authority.firstIndex(of: "]").map { String(authority[...$0]) } ?? authority
        }
        return authority.firstIndex(of: ":").map { String(authority[..<$0]) } ?? authority
    }

    /// Whether two addresses have the same scheme, host and port, and so the same server.
    package func hasOrigin(of other: HubAddress) -> Bool {
        scheme == other.scheme && place == other.place
    }

    /// Whether a `Location` is written so that it stays at the host that sent it.
    package static func isRelative(_ location: String) -> Bool {
        if location.hasPrefix("//") || location.contains("\\") { return false }
        let head = location.prefix { !"/?#".contains($0) }
        return !head.contains(":")
    }

    /// The address to which a `Location` leads from here; nil if it is not an address of http or https.
    package func following(_ location: String) -> HubAddress? {
        if location.hasPrefix("//") { return HubAddress("\(scheme):\(location)") }
        guard Self.isRelative(location) else { return HubAddress(location) }
        let origin = "\(scheme)://\(authority)"
        if location.hasPrefix("/") { return HubAddress(origin + location) }
        let path = text.dropFirst(origin.utf8.count).prefix { $0 != "?" && $0 != "#" }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "/"
        return HubAddress(origin + folder + location)
    }

    /// A text as one part of a path, in which all but letters, digits, `-`, `.`, `_` and `~` is percent-encoded.
    static func part(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.utf8.count < 2 ? "0" : "") + digits
            }
        }
        return result
    }

    /// A path with each of its parts percent-encoded.
    package static func path(_ text: String) -> String {
        text.split(separator: "/", omittingEmptySubsequences: false).map { part(String($0)) }
            .joined(separator: "/")
    }
}
