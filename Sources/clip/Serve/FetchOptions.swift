import ArgumentParser
internal import CLIPEngine

/// The options of `clip serve` for pictures named by URL.
struct FetchOptions: ParsableArguments {
    @Flag(
        name: .customLong("allow-urls"),
        inversion: .prefixedNo,
        help: "Whether images may be named by URL; they may by default. CLIP_ALLOW_URLS, ALLOW_URL_INPUT."
    )
    var allowURLs: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: """
            Fetch from private, loopback and link-local addresses too. CLIP_ALLOW_PRIVATE_ADDRESSES, \
            ALLOW_URL_TO_NON_GLOBAL_ADDRESSES.
            """
    )
    var allowPrivateAddresses: Bool?

    @Option(
        help: """
            Hosts that alone may be fetched from, separated by commas, *.example.com for all beneath a domain. \
            CLIP_FETCH_HOSTS, WHITELISTED_DESTINATIONS_FOR_URL_INPUT.
            """
    )
    var fetchHosts: String?

    @Option(
        help: """
            Hosts that may not be fetched from, written so too. CLIP_FETCH_HOSTS_DENY, \
            BLACKLISTED_DESTINATIONS_FOR_URL_INPUT.
            """
    )
    var fetchHostsDeny: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Fetch https URLs only. CLIP_HTTPS_ONLY; ALLOW_NON_HTTPS_URL_INPUT=False says the same."
    )
    var httpsOnly: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: """
            Fetch from hosts with public names only, not from addresses. CLIP_PUBLIC_NAMES_ONLY; \
            ALLOW_URL_INPUT_WITHOUT_FQDN=False says the same.
            """
    )
    var publicNamesOnly: Bool?

    @Option(
        help:
            "Most redirects of one URL, each held to all rules; 5 by default. CLIP_MAX_REDIRECTS, MAX_IMAGE_URL_REDIRECTS."
    )
    var maxRedirects: Int?

    @Option(help: "Seconds for fetching one image, redirects included; 10 by default. CLIP_FETCH_SECONDS.")
    var fetchSeconds: String?

    @Option(
        help: "Fewest bytes per second of a fetch, 0 for any speed; 1024 by default. CLIP_FETCH_MIN_SPEED."
    )
    var fetchMinSpeed: Int?

    @Option(help: "Whole seconds that a fetch may be slower; 5 by default. CLIP_FETCH_SLOW_SECONDS.")
    var fetchSlowSeconds: Int?

    @Option(help: "Fetches under way at once; 32 by default. CLIP_FETCH_PLACES.")
    var fetchPlaces: Int?

    @Option(help: "Fetches under way at once from one host; 8 by default. CLIP_FETCH_PLACES_PER_HOST.")
    var fetchPlacesPerHost: Int?

    @Option(
        help:
            "Fetches under way at once for one client; half of all by default. CLIP_FETCH_PLACES_PER_CLIENT."
    )
    var fetchPlacesPerClient: Int?

    @Option(
        help:
            "Fetches that wait, half of them one client's, at which more are answered 429; 1024 by default. CLIP_FETCH_QUEUE."
    )
    var fetchQueue: Int?

    @Option(
        help: "PEM file of the certificate authorities to trust instead of the system's. CLIP_FETCH_CA_FILE."
    )
    var fetchCaFile: String?

    func fill(_ configuration: inout EngineConfiguration, from environment: inout Environment) {
        fillRules(&configuration, from: &environment)
        fillLimits(&configuration, from: &environment)
    }

    /// Fills in which hosts and addresses may be fetched from.
    ///
    /// The variables behind ours are the reference server's, so that its settings keep protecting.
    private func fillRules(_ configuration: inout EngineConfiguration, from environment: inout Environment) {
        environment.fill(
            &configuration.allowsURLs,
            "--allow-urls",
            allowURLs,
            "CLIP_ALLOW_URLS",
            "ALLOW_URL_INPUT"
        )
        environment.fill(
            &configuration.allowsPrivateAddresses,
            "--allow-private-addresses",
            allowPrivateAddresses,
            "CLIP_ALLOW_PRIVATE_ADDRESSES",
            "ALLOW_URL_TO_NON_GLOBAL_ADDRESSES"
        )
        environment.fill(
            &configuration.fetchesOnlyHTTPS,
            "--https-only",
            httpsOnly,
            "CLIP_HTTPS_ONLY",
            opposite: "ALLOW_NON_HTTPS_URL_INPUT"
        )
        environment.fill(
            &configuration.fetchesOnlyPublicNames,
            "--public-names-only",
            publicNamesOnly,
            "CLIP_PUBLIC_NAMES_ONLY",
            opposite: "ALLOW_URL_INPUT_WITHOUT_FQDN"
        )
        environment.fill(
            &configuration.allowedFetchHosts,
            "--fetch-hosts",
            fetchHosts,
            "CLIP_FETCH_HOSTS",
            "WHITELISTED_DESTINATIONS_FOR_URL_INPUT"
        )
        environment.fill(
            &configuration.deniedFetchHosts,
            "--fetch-hosts-deny",
            fetchHostsDeny,
            "CLIP_FETCH_HOSTS_DENY",
            "BLACKLISTED_DESTINATIONS_FOR_URL_INPUT"
        )
        // Every rule applies to redirects whatever this variable says; it is read so that a wrong value is reported.
        _ = environment.bool("VALIDATE_IMAGE_URL_REDIRECTS")
    }

    /// Fills in how much fetching may cost.
    private func fillLimits(_ configuration: inout EngineConfiguration, from environment: inout Environment) {
        environment.fill(
            &configuration.maxRedirects,
            "--max-redirects",
            maxRedirects,
            "CLIP_MAX_REDIRECTS",
            "MAX_IMAGE_URL_REDIRECTS"
        )
        environment.fill(
            seconds: &configuration.fetchTimeLimit,
            "--fetch-seconds",
            fetchSeconds,
            "CLIP_FETCH_SECONDS"
        )
        environment.fill(
            &configuration.fetchMinimumSpeed,
            "--fetch-min-speed",
            fetchMinSpeed,
            "CLIP_FETCH_MIN_SPEED"
        )
        var slow = Int(configuration.fetchSlowTime / .seconds(1))
        environment.fill(&slow, "--fetch-slow-seconds", fetchSlowSeconds, "CLIP_FETCH_SLOW_SECONDS")
        configuration.fetchSlowTime = .seconds(slow)
        environment.fill(&configuration.fetchPlaces, "--fetch-places", fetchPlaces, "CLIP_FETCH_PLACES")
        environment.fill(
            &configuration.fetchPlacesPerHost,
            "--fetch-places-per-host",
            fetchPlacesPerHost,
            "CLIP_FETCH_PLACES_PER_HOST"
        )
        environment.fill(
            &configuration.fetchPlacesPerClient,
            "--fetch-places-per-client",
            fetchPlacesPerClient,
            "CLIP_FETCH_PLACES_PER_CLIENT"
        )
        environment.explain(
            "--fetch-places-per-client",
            .number(configuration.fetchPlacesOfOneClient),
            by: "half of --fetch-places"
        )
        environment.fill(&configuration.fetchQueue, "--fetch-queue", fetchQueue, "CLIP_FETCH_QUEUE")
        environment.fill(
            &configuration.fetchAuthorityFile,
            "--fetch-ca-file",
            fetchCaFile,
            "CLIP_FETCH_CA_FILE"
        )
    }
}
