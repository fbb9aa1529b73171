import CLIPFetching
import Testing

@Suite("Fetching configuration")
struct FetchingConfigurationTests {
    @Test("The defaults are valid and safe")
    func defaults() {
        let configuration = FetchingConfiguration()
        #expect(configuration.validate() == [])
        #expect(!configuration.allowsPrivateAddresses)
        #expect(configuration.maxBytes == 20_971_520)
        #expect(configuration.timeLimit == .seconds(10))
    }

    @Test(
        "Each bad value is one problem that names it",
        arguments: [
            ("timeLimit", { @Sendable in $0.timeLimit = .zero }),
            ("timeLimit", { @Sendable in $0.timeLimit = .seconds(3601) }),
            ("connectTimeLimit", { @Sendable in $0.connectTimeLimit = .microseconds(999) }),
            ("slowTimeLimit", { @Sendable in $0.slowTimeLimit = .milliseconds(1500) }),
            ("slowTimeLimit", { @Sendable in $0.slowTimeLimit = .zero }),
            ("minimumBytesPerSecond", { @Sendable in $0.minimumBytesPerSecond = -1 }),
            ("maxBytes", { @Sendable in $0.maxBytes = 0 }),
            ("maxRedirects", { @Sendable in $0.maxRedirects = -1 }),
            ("maxURLBytes", { @Sendable in $0.maxURLBytes = 15 }),
            ("maxConcurrentFetches", { @Sendable in $0.maxConcurrentFetches = 0 }),
            ("maxConcurrentFetchesPerHost", { @Sendable in $0.maxConcurrentFetchesPerHost = 0 }),
            ("maxConcurrentFetchesPerClient", { @Sendable in $0.maxConcurrentFetchesPerClient = 0 }),
            ("maxWaitingFetches", { @Sendable in $0.maxWaitingFetches = -1 }),
            ("allowedHosts", { @Sendable in $0.allowedHosts = [] }),
            ("allowedHosts", { @Sendable in $0.allowedHosts = ["a.example", "https://b.example"] }),
            ("deniedHosts", { @Sendable in $0.deniedHosts = ["a.example:80"] }),
            ("deniedHosts", { @Sendable in $0.deniedHosts = ["*"] }),
            ("deniedHosts", { @Sendable in $0.deniedHosts = ["a.*.example"] }),
            ("deniedHosts", { @Sendable in $0.deniedHosts = ["*.10.0.0.1"] }),
            ("userAgent", { @Sendable in $0.userAgent = "" }),
            ("userAgent", { @Sendable in $0.userAgent = "a\r\nHost: b" }),
            (
                "certificateAuthorityFile",
                { @Sendable in $0.certificateAuthorityFile = "/nonexistent/ca.pem" }
            ),
        ] as [(String, @Sendable (inout FetchingConfiguration) -> Void)]
    )
    func problems(field: String, change: @Sendable (inout FetchingConfiguration) -> Void) throws {
        var configuration = FetchingConfiguration()
        change(&configuration)
        let problems = configuration.validate()
        #expect(problems.count == 1)
        #expect(try #require(problems.first).hasPrefix(field + " "))
    }

    @Test("A fetcher refuses a bad configuration with all its problems")
    func refusal() {
        var configuration = FetchingConfiguration()
        configuration.maxBytes = 0
        configuration.maxRedirects = -1
        let problems = configuration.validate()
        #expect(problems.count == 2)
        #expect(throws: FetchingError.invalidConfiguration(problems)) {
            try ImageFetcher(configuration: configuration)
        }
    }
}
