import CLIPFetching
import CLIPTestSupport
import Testing

@Suite("Rules about hosts", .timeLimit(.minutes(5)))
struct HostRuleTests {
    /// What a fetch comes to where a rule is the only thing that can refuse it: any other outcome is that of a
    /// URL which no rule stops.
    private static func refusal(
        of url: String,
        _ configure: (inout FetchingConfiguration) -> Void
    ) async throws -> FetchingError? {
        var refusal: FetchingError?
        try await withFetcher({ configuration in
            configuration.timeLimit = .milliseconds(1)
            configure(&configuration)
        }) { fetcher in
            if case .failure(let error) = await outcome(of: fetcher, url) { refusal = error }
        }
        switch refusal {
        case .hostNotAllowed, .hostDenied, .secureConnectionRequired, .publicNameRequired: return refusal
        default: return nil
        }
    }

    @Test(
        "Only what the list of allowed hosts names may be asked",
        arguments: [
            ("http://a.example/", true), ("http://A.EXAMPLE.:81/", true), ("http://b.a.example/", false),
            ("http://c.d.example/", true), ("http://c.c.d.example/", true), ("http://d.example/", false),
            ("http://cd.example/", false), ("http://a.example.e.example/", false), ("http://10.0.0.1/", true),
            ("http://167772161/", true), ("http://10.0.0.2/", false), ("http://[2001:db8::1]/", true),
            ("http://[2001:db8::2]/", false), ("http://xn--bcher-kva.example/", true),
        ]
    )
    func allowed(url: String, isAllowed: Bool) async throws {
        let refusal = try await Self.refusal(of: url) {
            $0.allowedHosts = ["A.example", "*.D.example", "10.0.0.1", "2001:db8::1", "bücher.example"]
        }
        #expect((refusal == nil) == isAllowed)
        if case .hostNotAllowed = refusal {} else { #expect(isAllowed) }
    }

    @Test(
        "What the list of denied hosts names may not be asked, in any spelling",
        arguments: [
            ("http://a.example/", true), ("http://A.Example./", true), ("http://b.d.example/", true),
            ("http://d.example/", false), ("http://e.example/", false), ("http://127.1/", true),
            ("http://0x7f000001/", true), ("http://[::ffff:7f00:1]/", true), ("http://127.0.0.2/", false),
        ]
    )
    func denied(url: String, isDenied: Bool) async throws {
        let refusal = try await Self.refusal(of: url) {
            $0.deniedHosts = ["a.example", "*.d.example", "127.0.0.1"]
        }
        if case .hostDenied = refusal { #expect(isDenied) } else { #expect(!isDenied) }
    }

    @Test("A name that leads to a denied address is no way around the list")
    func deniedAddress() async throws {
        let server = try ScriptedServer.answering { _ in answer(body: "pixels") }
        try await withFetcher(of: server, policy: .everyAddress, { $0.deniedHosts = ["127.0.0.1", "::1"] }) {
            fetcher in
            #expect(
                await outcome(of: fetcher, "http://localhost:\(server.port)/") == .failure(.addressNotAllowed)
            )
            #expect(server.connectionCount == 0)
        }
    }

    @Test(
        "An IPv6 address that carries a denied one is denied too",
        arguments: [
            ("::ffff:203.0.113.7", true), ("::203.0.113.7", true), ("::ffff:0:203.0.113.7", true),
            ("64:ff9b::203.0.113.7", true), ("64:ff9b:1::203.0.113.7", true),
            ("64:ff9b:1:cb00:71:700::", true),
            ("64:ff9b:1:cb:0:7107::", true), ("64:ff9b:1:0:cb:71:700:0", true), ("2002:cb00:7107::1", true),
            ("2001:0:cb00:7107::1", true), ("2001::34ff:8ef8", true), ("2001:db8::5efe:203.0.113.7", true),
            ("2001:db8::200:5efe:203.0.113.7", true), ("2001:db8::7", true), ("2001:db8::8", false),
            ("::ffff:203.0.113.8", false), ("64:ff9b::203.0.113.8", false), ("64:ff9b:2::203.0.113.7", false),
            ("2003:cb00:7107::1", false), ("203.0.113.7", true), ("203.0.113.8", false),
        ]
    )
    func carriedAddresses(text: String, isDenied: Bool) throws {
        var configuration = FetchingConfiguration()
        configuration.deniedHosts = ["203.0.113.7", "2001:db8::7"]
        #expect(HostRules(configuration).denies(try AddressPolicyTests.address(text)) == isDenied)
        configuration.deniedHosts = []
        #expect(!HostRules(configuration).denies(try AddressPolicyTests.address(text)))
    }

    @Test(
        "A denied address is not connected to in the form of IPv6 either",
        arguments: ["[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"]
    )
    func tunnels(host: String) async throws {
        try await withFetcher(policy: .everyAddress, { $0.deniedHosts = ["127.0.0.1"] }) { fetcher in
            #expect(await outcome(of: fetcher, "http://\(host):9/") == .failure(.addressNotAllowed))
        }
    }

    @Test(
        "A redirect's target is held to the same rules",
        arguments: [
            ({ @Sendable in $0.allowedHosts = ["127.0.0.1"] }, .hostNotAllowed("localhost")),
            ({ @Sendable in $0.deniedHosts = ["localhost"] }, .hostDenied("localhost")),
        ] as [(@Sendable (inout FetchingConfiguration) -> Void, FetchingError)]
    )
    func redirect(
        configure: @Sendable (inout FetchingConfiguration) -> Void,
        error: FetchingError
    ) async throws {
        let server = try ScriptedServer.answering { request in
            let port = request.split(separator: "\r\n")[1].split(separator: ":")[2]
            return answer("302 Found", "Location: http://localhost:\(port)/")
        }
        try await withFetcher(of: server, configure) { fetcher in
            #expect(await outcome(of: fetcher, server.url()) == .failure(error))
        }
    }

    @Test("Where https is asked for, http is refused")
    func secureOnly() async throws {
        let rule = { (configuration: inout FetchingConfiguration) in
            configuration.requiresSecureConnection = true
        }
        #expect(try await Self.refusal(of: "http://a.example/", rule) == .secureConnectionRequired)
        #expect(try await Self.refusal(of: "https://a.example/", rule) == nil)
    }

    @Test(
        "Where a public name is asked for, addresses and private names are refused",
        arguments: [
            ("example.com", true), ("a.xn--3e0b707e", true), ("127.0.0.1", false), ("2130706433", false),
            ("0x7f.1", false), ("[2001:db8::1]", false), ("localhost", false), ("localhost.", false),
            ("host", false), ("a.local", false), ("a.b.Internal", false), ("a.localhost", false),
            ("router.home.arpa", false), ("a.b.1", false), ("1.2.3.4.5", false), ("a.test", false),
        ]
    )
    func publicNames(host: String, isPublic: Bool) async throws {
        let refusal = try await Self.refusal(of: "https://\(host)/") { $0.requiresPublicName = true }
        #expect(refusal == (isPublic ? nil : .publicNameRequired(host: host.lowercased())))
    }
}
