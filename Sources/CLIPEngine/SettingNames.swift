/// The flags that set the settings of the engine's parts; each part knows only its own names.
enum SettingNames {
    /// Turns a problem of a part's configuration, which begins with the setting's name, into a sentence about the flag.
    static func sentence(_ problem: String) -> String {
        let name = problem.prefix { $0 != " " }
        let rest = problem[name.endIndex...]
        return (flags[String(name)] ?? String(name)) + rest + (problem.hasSuffix(".") ? "" : ".")
    }

    private static let flags = [
        // Of the limits of pictures.
        "maxEncodedBytes": "--max-image-bytes", "maxPixels": "--max-image-pixels",
        "maxSide": "--max-image-side", "maxAspectRatio": "--max-image-aspect",
        "maxAVIFPixels": "--max-avif-pixels", "maxAVIFBytes": "--max-avif-bytes",
        "maxWebPPixels": "--max-webp-pixels", "maxDecodeBytes": "--memory-budget",
        "formats": "--image-formats",
        // Of fetching.
        "timeLimit": "--fetch-seconds", "minimumBytesPerSecond": "--fetch-min-speed",
        "slowTimeLimit": "--fetch-slow-seconds", "maxBytes": "--max-image-bytes",
        "maxRedirects": "--max-redirects", "maxConcurrentFetches": "--fetch-places",
        "maxConcurrentFetchesPerHost": "--fetch-places-per-host",
        "maxConcurrentFetchesPerClient": "--fetch-places-per-client",
        "maxWaitingFetches": "--fetch-queue", "allowedHosts": "--fetch-hosts",
        "deniedHosts": "--fetch-hosts-deny", "certificateAuthorityFile": "--fetch-ca-file",
    ]
}
