/// The origins of web pages, as browsers send them: a scheme, a host, and a port unless it is the scheme's own.
enum WebOrigin {
    /// What is wrong with a text that is to match pages' origins, as the end of a sentence; nil where some page can have it.
    ///
    /// `*` stands for all pages. Pages without an origin of their own have `null`.
    static func fault(of text: String) -> String? {
        let none = "is no origin such as https://example.com"
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return none }
        if ["*", "null"].contains(text) { return nil }
        guard let mark = text.firstRange(of: "://") else {
            return "has no scheme, such as https:// before a host"
        }
        let scheme = text[..<mark.lowerBound].lowercased()
        let authority = text[mark.upperBound...].prefix { !"/?#\\".contains($0) }.lowercased()
        guard !authority.contains("*") else {
            return "has an asterisk, which stands for all origins, and only by itself"
        }
        guard isScheme(scheme), let host = host(authority, of: scheme) else { return none }
        let sent = "\(scheme)://\(host)"
        return sent == text ? nil : "no browser sends; the origin of such a page is \(sent)"
    }

    private static let ownPorts = ["http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21]

    private static func isScheme(_ text: String) -> Bool {
        text.first?.isLetter == true && text.allSatisfy { $0.isLetter || $0.isNumber || "+-.".contains($0) }
    }

    /// A host with its port, as it is sent; nil if it is none.
    private static func host(_ authority: String, of scheme: String) -> String? {
        // Views of Android send it for pages that lie in files.
        if authority.isEmpty { return scheme == "file" ? "" : nil }
        var (host, digits) = (authority[...], authority[authority.endIndex...])
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            host = authority[..<colon]
            digits = authority[authority.index(after: colon)...]
        }
        let isAddress = host.hasPrefix("[") && host.hasSuffix("]")
        let name = isAddress ? host.dropFirst().dropLast() : host
        guard !name.isEmpty,
            name.allSatisfy({
                $0.isLetter || $0.isNumber || (isAddress ? ":." : ".-_").contains($0)
            })
        else { return nil }
        guard !digits.isEmpty else { return String(host) }
        guard digits.allSatisfy(\.isNumber), let port = Int(digits), (1...65535).contains(port) else {
            return nil
        }
        return port == ownPorts[scheme] ? String(host) : "\(host):\(port)"
    }
}
