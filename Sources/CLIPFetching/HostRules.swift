/// A host, or all hosts below a domain, as an operator writes it.
///
/// For example `images.example.com`, `*.example.com`, `203.0.113.7` or `[2001:db8::1]`.
struct HostPattern: Equatable, Sendable {
    private enum Kind: Equatable {
        case exact(URLHost)
        case beneath(String)
    }
    private let kind: Kind

    /// Reads a pattern; nil if it is neither a host nor a domain after `*.`.
    init?(_ text: String) {
        let isBeneath = text.hasPrefix("*.")
        var bytes = Array((isBeneath ? text.dropFirst(2) : text[...]).utf8)
        if bytes.contains(where: { $0 >= 0x80 }) {
            guard let ascii = URLHost.ascii(bytes) else { return nil }
            bytes = ascii
        }
        // An IPv6 address needs brackets only in a URL.
        guard let host = URLHost(bytes) ?? URLHost(Array("[".utf8) + bytes + Array("]".utf8)) else {
            return nil
        }
        guard isBeneath else {
            kind = .exact(host)
            return
        }
        guard host.address == nil else { return nil }
        kind = .beneath("." + host.name)
    }

    func matches(_ host: URLHost) -> Bool {
        switch kind {
        case .exact(let other): host == other
        case .beneath(let ending): host.address == nil && host.name.hasSuffix(ending)
        }
    }

    /// The address, if the pattern is one.
    var address: IPAddress? {
        if case .exact(let host) = kind { host.address } else { nil }
    }
}

/// Which URLs an operator lets strangers name; the first URL and every redirect's target are checked.
package struct HostRules: Sendable {
    private let allowed: [HostPattern]?
    private let denied: [HostPattern]
    private let requiresSecureConnection: Bool
    private let requiresPublicName: Bool
    private let deniedAddresses: Set<IPAddress>

    package init(_ configuration: FetchingConfiguration) {
        allowed = configuration.allowedHosts.map { $0.compactMap(HostPattern.init) }
        denied = configuration.deniedHosts.compactMap(HostPattern.init)
        requiresSecureConnection = configuration.requiresSecureConnection
        requiresPublicName = configuration.requiresPublicName
        deniedAddresses = Set(denied.compactMap(\.address))
    }

    /// Whether an address is on the list of denied hosts, itself or as the address that it carries.
    ///
    /// So neither a name that leads there nor another form of the address gets around the list.
    package func denies(_ address: IPAddress) -> Bool {
        guard !deniedAddresses.isEmpty else { return false }
        return deniedAddresses.contains(address)
            || address.possibleIPv4.contains { deniedAddresses.contains(.v4($0)) }
    }

    /// Refuses what a rule forbids, in the order of the reference server.
    func check(_ url: ImageURL) throws(FetchingError) {
        if requiresSecureConnection, url.scheme != "https" { throw .secureConnectionRequired }
        if requiresPublicName, !url.host.isPublicName { throw .publicNameRequired(host: "\(url.host)") }
        if let allowed, !allowed.contains(where: { $0.matches(url.host) }) {
            throw .hostNotAllowed("\(url.host)")
        }
        if denied.contains(where: { $0.matches(url.host) }) { throw .hostDenied("\(url.host)") }
    }
}
