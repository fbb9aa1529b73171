internal import CLIPHub

/// Checks the way to the hub: proxies, and whether it answers.
enum NetworkCheck {
    /// The proxy variables that are set, without the passwords in them.
    static func proxies(_ environment: Environment) -> [Finding] {
        ["https_proxy", "HTTPS_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"]
            .compactMap {
                name in
                environment.string(name).map { Finding("network", name, SecretText.withoutUser($0)) }
            }
    }

    /// Whether the hub may be contacted and, if wanted, whether it answers.
    ///
    /// - Parameter isNeeded: whether a model has to be fetched before the server can answer.
    static func hub(_ hub: ModelHub, asking: Bool, isNeeded: Bool) async -> Finding {
        let address = SecretText.withoutUser(hub.configuration.endpoint)
        if hub.configuration.isOffline {
            return Finding("network", "hub", "\(address) is left alone (--offline, HF_HUB_OFFLINE)")
        }
        guard asking else { return Finding("network", "hub", "\(address), not asked without --online") }
        var hasty = hub.configuration
        hasty.longestPause = .seconds(1)
        do throws(HubError) {
            try await ModelHub(hasty).reach()
            return Finding("network", "hub", "\(address) answers")
        } catch {
            return Finding(
                "network",
                "hub",
                "\(address) cannot be used",
                isNeeded ? .problem : .note,
                "\(error)"
            )
        }
    }
}
