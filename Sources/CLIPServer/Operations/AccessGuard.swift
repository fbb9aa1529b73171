import HTTPTypes

/// Decides which requests are allowed: by keys for all routes, and by more for routes that change the server.
struct AccessGuard: Sendable {
    let keys: APIKeys
    let managementKeys: APIKeys
    /// Whether routes that change the server are open without a key of their own, wherever the server listens.
    let allowsManagement: Bool
    /// Whether the server listens only on addresses that this machine alone can reach.
    let isLocal: Bool
    let crossOrigin: CrossOrigin

    /// What still has to be checked once the body is received.
    enum Passage: Equatable, Sendable {
        case open
        /// The head has no key, so the body has to have one.
        case needsKeyInBody
    }

    /// Whether clients that may change the server are its operators; with --allow-management and no key they may be
    /// anybody.
    var knowsOperators: Bool { !managementKeys.isEmpty || !allowsManagement }

    /// Checks a head.
    ///
    /// A key in the query comes before one in the Authorization field, and that one before one in the body, as on
    /// Roboflow's server; the first key found has to be right.
    func check(_ head: RequestHead, for route: Route) throws(APIError) -> Passage {
        let word = APIKeys.word(ofQuery: head.query) ?? APIKeys.bearer(head.fields[.authorization])
        if route.purpose == .management {
            try checkManagement(head, word: word)
            if !managementKeys.isEmpty { return .open }
        }
        if route.purpose == .pictures { try checkPictures(head) }
        guard !keys.isEmpty, route.purpose != .open else { return .open }
        guard let word else {
            guard route.wantsBody else { throw .unauthorized }
            return .needsKeyInBody
        }
        guard keys.contains(word.utf8) else { throw .unauthorized }
        return .open
    }

    /// Keeps pages of other sites away from pictures and their paths, also where a reader's own machine serves them to whoever asks.
    private func checkPictures(_ head: RequestHead) throws(APIError) {
        guard crossOrigin.isOfThisServer(head) || crossOrigin.names(head.fields[.origin]) else {
            throw .pageNotAllowed
        }
        // If a site's name was made to resolve to this machine, its page has that name as the host.
        guard keys.isEmpty, isLocal, let host = head.host else { return }
        guard Self.isLocal(host) || crossOrigin.namesHost(host) else { throw .nameNotAllowed }
    }

    private func checkManagement(_ head: RequestHead, word: String?) throws(APIError) {
        let origin = head.fields[.origin]
        guard crossOrigin.allowsManagement(by: origin) else { throw .originNotAllowed }
        // The picture or link of a page sends no origin, but the browser says what kind of request it is.
        if origin == nil, let site = head.fields[.secFetchSite], site != "same-origin", site != "none" {
            throw .originNotAllowed
        }
        guard managementKeys.isEmpty else {
            guard let word, managementKeys.contains(word.utf8) else { throw .unauthorized }
            return
        }
        guard !allowsManagement else { return }
        guard isLocal else { throw .managementClosed }
        // If a site's name was made to resolve to this machine, its page has that name as the host.
        guard head.host.map(Self.isLocal) ?? true else { throw .hostNotAllowed }
        guard !Self.isPassedOn(head) else { throw .managementThroughProxy }
    }

    /// Whether a proxy on this machine may have forwarded a request from elsewhere.
    ///
    /// Most proxies say so in a field. nginx adds none by default, but then speaks HTTP/1.0, which hardly any other
    /// client does.
    private static func isPassedOn(_ head: RequestHead) -> Bool {
        head.isOld
            || head.fields.contains { field in
                let name = field.name.canonicalName
                return proxyFields.contains(name) || name.hasPrefix("x-forwarded")
            }
    }

    private static let proxyFields: Set<String> = [
        "forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-original-forwarded-for",
        "true-client-ip", "cf-connecting-ip",
    ]

    /// Whether a Host field, with or without a port, means this machine.
    static func isLocal(_ host: String) -> Bool {
        var name = host.lowercased()[...]
        if name.hasPrefix("[") {
            name = name.dropFirst().prefix { $0 != "]" }
            return name == "::1"
        }
        if name.filter({ $0 == ":" }).count <= 1 { name = name.prefix { $0 != ":" } }
        if name.hasSuffix(".") { name = name.dropLast() }
        if name == "localhost" || name.hasSuffix(".localhost") || name == "::1" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
