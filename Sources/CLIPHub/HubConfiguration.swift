internal import Foundation

/// The source of models and the folder that keeps them, set by the same variables as in `huggingface_hub`.
public struct HubConfiguration: Equatable, Sendable {
    /// The scheme and the host of the hub or of a mirror.
    public var endpoint: String = "https://huggingface.co"
    /// The folder of the cache, in which each repository has a folder.
    public var cacheDirectory: String
    /// The token that opens private and gated repositories; it is sent only to the endpoint.
    public var token: String?
    /// Whether the network is not used at all.
    public var isOffline: Bool = false
    /// Whether the files of a snapshot are links to blobs; otherwise they are the files themselves.
    public var usesLinks: Bool = true
    /// How long the hub may take to describe a file.
    public var answerTimeLimit: Duration = .seconds(10)
    /// How long a download may go without receiving a byte.
    public var stallTimeLimit: Duration = .seconds(10)
    /// A PEM file of the certificate authorities that are trusted instead of the system's.
    public var authorityFile: String?
    /// The name of this program in requests.
    public var userAgent: String = "swift-clip"
    /// The longest pause that a hub's request for one is obeyed; if it asks for more, the download fails with an
    /// explanation.
    public var longestPause: Duration = .seconds(300)
    /// The variables that could not be read, in one sentence each.
    private var unread: [String] = []
    /// The first pause before a request is repeated; later pauses are longer.
    package var retryUnit: Duration = .seconds(1)

    /// The settings for the hub, with a cache in this folder.
    public init(cacheDirectory: String) {
        self.cacheDirectory = cacheDirectory
    }

    /// The settings in environment variables; an empty variable counts as not set.
    ///
    /// | what | variables, the first that is set |
    /// |---|---|
    /// | cache | `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`, `HF_HOME`/hub, `XDG_CACHE_HOME`/huggingface/hub, ~/.cache/huggingface/hub |
    /// | token | `HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN`, the file `HF_TOKEN_PATH`, `HF_HOME`/token; no file with `HF_HUB_DISABLE_IMPLICIT_TOKEN` |
    /// | network | `HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE`, `HF_ENDPOINT`, `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE` |
    /// | seconds | `HF_HUB_ETAG_TIMEOUT`, `HF_HUB_DOWNLOAD_TIMEOUT` |
    ///
    /// libcurl itself reads the proxies: `https_proxy`, `HTTPS_PROXY`, `http_proxy`, `ALL_PROXY`, `NO_PROXY`.
    public init(environment: [String: String]) {
        func value(_ names: String...) -> String? {
            names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        func isTrue(_ text: String?) -> Bool {
            ["1", "on", "yes", "true"].contains(text?.lowercased() ?? "")
        }
        func path(_ text: String) -> String {
            guard text == "~" || text.hasPrefix("~/") else { return text }
            return (value("HOME") ?? NSHomeDirectory()) + text.dropFirst()
        }
        let caches = value("XDG_CACHE_HOME").map(path) ?? path("~/.cache")
        let home = value("HF_HOME").map(path) ?? caches + "/huggingface"
        self.init(
            cacheDirectory: value("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE").map(path) ?? home + "/hub"
        )
        if let text = value("HF_ENDPOINT") {
            endpoint = text
            while endpoint.hasSuffix("/") { endpoint.removeLast() }
        }
        isOffline = isTrue(value("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
        usesLinks = !isTrue(value("HF_HUB_DISABLE_SYMLINKS"))
        authorityFile = value("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE").map(path)
        answerTimeLimit = seconds("HF_HUB_ETAG_TIMEOUT", environment) ?? answerTimeLimit
        stallTimeLimit = seconds("HF_HUB_DOWNLOAD_TIMEOUT", environment) ?? stallTimeLimit
        let file = value("HF_TOKEN_PATH").map(path) ?? home + "/token"
        token = value("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN").flatMap(Self.token)
        if token == nil, !isTrue(value("HF_HUB_DISABLE_IMPLICIT_TOKEN")),
            let data = FileManager.default.contents(atPath: file), data.count <= 1 << 16
        {
            token = Self.token(String(decoding: data, as: UTF8.self))
        }
    }

    /// The time in a variable; nil if it is not set or cannot be read.
    private mutating func seconds(_ name: String, _ environment: [String: String]) -> Duration? {
        guard let text = environment[name], !text.isEmpty else { return nil }
        guard let seconds = Double(text), (0.1...86_400).contains(seconds) else {
            unread.append("\(name)='\(text)' is not a number of seconds from 0.1 to 86400; mend or unset it.")
            return nil
        }
        return .seconds(seconds)
    }

    /// A token without the blanks and line ends that were copied with it; nil if nothing is left.
    private static func token(_ text: String) -> String? {
        // This works on scalars, because "\r\n" is a single character.
        let lines = text.unicodeScalars.filter { $0 != "\r" && $0 != "\n" }
        let token = String(String.UnicodeScalarView(lines)).trimmingCharacters(in: .whitespaces)
        return token.isEmpty ? nil : token
    }

    /// Describes what is wrong with the settings, in one sentence each.
    public func validate() -> [String] {
        var problems = unread
        if HubAddress(endpoint) == nil || endpoint.contains("?") || endpoint.contains("#") {
            problems.append(
                // One with a user may have a password, which is nobody's who reads a log.
                "HF_ENDPOINT\(endpoint.contains("@") ? "" : "='\(endpoint)'") is not the address of a hub such as https://huggingface.co; mend or unset it."
            )
        }
        if let token, !token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            problems.append(
                "HF_TOKEN, or the file of the token, holds what no token can have; log in anew, or unset it."
            )
        }
        if !cacheDirectory.hasPrefix("/") && cacheDirectory.contains("\0") || cacheDirectory.isEmpty {
            problems.append("HF_HUB_CACHE cannot be a folder; name another.")
        }
        return problems
    }
}
