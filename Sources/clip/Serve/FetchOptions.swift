import ArgumentParser
internal import CLIPEngine

/// The options of `clip serve` about pictures that are named by URL.
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

    /// What may be fetched at all.
    ///
    /// The names behind ours are the reference server's, whose guards go on guarding.
    private func fillRules(_ configuration: inout EngineConfiguration, from environment: inout Environment) {
        if let value = allowURLs ?? environment.bool("CLIP_ALLOW_URLS", "ALLOW_URL_INPUT") {
            configuration.allowsURLs = value
        }
        if let value = allowPrivateAddresses
            ?? environment.bool("CLIP_ALLOW_PRIVATE_ADDRESSES", "ALLOW_URL_TO_NON_GLOBAL_ADDRESSES")
        {
            configuration.allowsPrivateAddresses = value
        }
        if let value = httpsOnly ?? environment.bool("CLIP_HTTPS_ONLY")
            ?? environment.bool("ALLOW_NON_HTTPS_URL_INPUT").map({ !$0 })
        {
            configuration.fetchesOnlyHTTPS = value
        }
        if let value = publicNamesOnly ?? environment.bool("CLIP_PUBLIC_NAMES_ONLY")
            ?? environment.bool("ALLOW_URL_INPUT_WITHOUT_FQDN").map({ !$0 })
        {
            configuration.fetchesOnlyPublicNames = value
        }
        if let value = environment.list(
            "CLIP_FETCH_HOSTS",
            "WHITELISTED_DESTINATIONS_FOR_URL_INPUT",
            given: ("--fetch-hosts", fetchHosts)
        ), !value.isEmpty {
            configuration.allowedFetchHosts = value
        }
        if let value = environment.list(
            "CLIP_FETCH_HOSTS_DENY",
            "BLACKLISTED_DESTINATIONS_FOR_URL_INPUT",
            given: ("--fetch-hosts-deny", fetchHostsDeny)
        ) {
            configuration.deniedFetchHosts = value
        }
        // Redirects are held to every rule whatever this says; it is read so that a value that means nothing is
        // told.
        _ = environment.bool("VALIDATE_IMAGE_URL_REDIRECTS")
    }

    /// How much fetching may cost.
    private func fillLimits(_ configuration: inout EngineConfiguration, from environment: inout Environment) {
        if let value = maxRedirects ?? environment.integer("CLIP_MAX_REDIRECTS", "MAX_IMAGE_URL_REDIRECTS") {
            configuration.maxRedirects = value
        }
        if let value = environment.seconds("CLIP_FETCH_SECONDS", given: ("--fetch-seconds", fetchSeconds)) {
            configuration.fetchTimeLimit = value
        }
        if let value = fetchMinSpeed ?? environment.integer("CLIP_FETCH_MIN_SPEED") {
            configuration.fetchMinimumSpeed = value
        }
        if let value = fetchSlowSeconds ?? environment.integer("CLIP_FETCH_SLOW_SECONDS") {
            configuration.fetchSlowTime = .seconds(value)
        }
        if let value = fetchPlaces ?? environment.integer("CLIP_FETCH_PLACES") {
            configuration.fetchPlaces = value
        }
        if let value = fetchPlacesPerHost ?? environment.integer("CLIP_FETCH_PLACES_PER_HOST") {
            configuration.fetchPlacesPerHost = value
        }
        if let value = fetchPlacesPerClient ?? environment.integer("CLIP_FETCH_PLACES_PER_CLIENT") {
            configuration.fetchPlacesPerClient = value
        }
        if let value = fetchQueue ?? environment.integer("CLIP_FETCH_QUEUE") {
            configuration.fetchQueue = value
        }
        if let value = fetchCaFile ?? environment.string("CLIP_FETCH_CA_FILE") {
            configuration.fetchAuthorityFile = value
        }
    }
}
