internal import CLIPHub
internal import CLIPServer

/// The ports to listen at, and the way to the hub: proxies, and whether it answers.
enum NetworkCheck {
    /// What is said of a port that a server of ours has.
    static let listensAlready = "a swift-clip server listens there already"

    /// What keeps a server from listening; a server of ours that has a port already is what a running service looks like.
    static func ports(_ settings: ServeSettings) -> [Finding] {
        settings.addressProblems.map { problem in
            guard let port = problem.takenPort, isOurs(port, at: settings.server.host) else {
                return Finding("settings", "refused", problem.sentence, .problem, nil)
            }
            return Finding(
                "settings",
                "port \(port)",
                listensAlready,
                .note,
                "Stop it before another is started there, or choose another port."
            )
        }
    }

    /// Whether a server of ours answers at a port of this machine: every answer of one names the program.
    private static func isOurs(_ port: Int, at host: String) -> Bool {
        let probe = HealthProbe(
            host: HealthProbe.reachable(host),
            port: port,
            path: "/healthz",
            timeLimit: .seconds(2)
        )
        let answer = try? probe.answer()
        return answer?.server == ServerIdentity(version: Version.current).name
    }

    /// Variables of proxies that are set, without the passwords in them.
    static func proxies(_ environment: Environment) -> [Finding] {
        HubOptions.proxyVariables.flatMap { $0 }.compactMap { name in
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
