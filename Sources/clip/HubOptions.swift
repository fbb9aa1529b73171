import ArgumentParser
internal import CLIPEngine
internal import CLIPHub
internal import Foundation

/// The options for the hub's cache, and whether the hub may be contacted.
struct HubOptions: ParsableArguments {
    @Flag(help: "Use only models that are in the cache, and leave the network alone. HF_HUB_OFFLINE.")
    var offline = false

    @Option(
        help: ArgumentHelp(
            "Where models of the hub are kept; ~/.cache/huggingface/hub by default. HF_HUB_CACHE, HF_HOME.",
            valueName: "dir"
        )
    )
    var cacheDir: String?

    /// The hub with the settings of options and environment, which are not validated yet.
    func hub(_ environment: Environment) -> ModelHub {
        var configuration = HubConfiguration(environment: environment.values)
        if offline { configuration.isOffline = true }
        if let cacheDir { configuration.cacheDirectory = cacheDir }
        configuration.userAgent = "swift-clip/\(Version.current)"
        return ModelHub(configuration, judge: { ConfigurationVerdict.refusal(of: $0, $1) })
    }

    /// Notes the hub's settings, whose variables are read by the hub's own rules.
    func note(_ environment: inout Environment) {
        let configuration = hub(environment).configuration
        let switches = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]
        environment.note(
            "--offline",
            switches,
            .isOn(configuration.isOffline),
            by: offline ? "--offline" : environment.first(of: switches)?.name
        )
        let caches = ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"]
        environment.note(
            "--cache-dir",
            caches,
            .text(configuration.cacheDirectory),
            by: cacheDir == nil ? environment.first(of: caches)?.name : "--cache-dir"
        )
        environment.note(
            nil,
            ["HF_ENDPOINT"],
            .text(SecretText.withoutUser(configuration.endpoint)),
            by: environment.first(of: ["HF_ENDPOINT"])?.name
        )
        let tokens = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH"]
        environment.note(
            nil,
            tokens,
            configuration.token == nil ? .none : .secret,
            by: environment.first(of: tokens)?.name
                ?? (configuration.token == nil ? nil : "the hub's own file of the token")
        )
        let authorities = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
        environment.note(
            nil,
            authorities,
            SettingValue(configuration.authorityFile),
            by: environment.first(of: authorities)?.name
        )
        for names in Self.proxyVariables {
            let told = environment.first(of: names)
            environment.note(
                nil,
                names,
                SettingValue(told.map { SecretText.withoutUser($0.value) }),
                by: told?.name
            )
        }
    }

    /// The variables of proxies, those of one meaning together, in the order in which libcurl asks for them.
    static let proxyVariables = [
        ["https_proxy", "HTTPS_PROXY"], ["http_proxy"], ["all_proxy", "ALL_PROXY"], ["no_proxy", "NO_PROXY"],
    ]

    /// Adds what is wrong with the hub's settings to the environment's problems; only who asks it for something has to have
    /// them right.
    func judge(_ environment: inout Environment) {
        for problem in hub(environment).configuration.validate() where !environment.problems.contains(problem)
        {
            environment.problems.append(problem)
        }
    }

    /// The place of a model, which is fetched if it is the hub's and not complete in the cache.
    ///
    /// - Parameter say: receives progress messages; standard error by default.
    func source(
        of choice: ModelChoice,
        _ environment: Environment,
        say: (@Sendable (String) -> Void)? = nil
    ) async throws(CommandFailure) -> ModelSource {
        let request: HubRequest
        switch choice.place {
        case .directory(let path): return ModelSource(name: choice.name, directory: path)
        case .hub(let place): request = place
        }
        let hub = hub(environment)
        let line =
            say.map { DownloadLine(name: choice.name, isShown: false, say: $0) }
            ?? DownloadLine(name: choice.name)
        defer { line.clear() }
        do throws(HubError) {
            let snapshot = try await hub.snapshot(of: request) { line.show($0) }
            return ModelProvision.source(named: choice.name, snapshot)
        } catch {
            line.clear()
            throw CommandFailure(model: choice.name, error)
        }
    }
}
