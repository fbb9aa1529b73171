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
        help: "Fetch from private, loopback and link-local addresses too. CLIP_ALLOW_PRIVATE_ADDRESSES."
    )
    var allowPrivateAddresses: Bool?

    @Option(help: "Seconds for fetching one image, redirects included; 10 by default. CLIP_FETCH_SECONDS.")
    var fetchSeconds: String?

    func fill(_ configuration: inout EngineConfiguration, from environment: inout Environment) {
        if let value = allowURLs ?? environment.bool("CLIP_ALLOW_URLS", "ALLOW_URL_INPUT") {
            configuration.allowsURLs = value
        }
        if let value = allowPrivateAddresses ?? environment.bool("CLIP_ALLOW_PRIVATE_ADDRESSES") {
            configuration.allowsPrivateAddresses = value
        }
        if let value = environment.seconds("CLIP_FETCH_SECONDS", given: ("--fetch-seconds", fetchSeconds)) {
            configuration.fetchTimeLimit = value
        }
    }
}
