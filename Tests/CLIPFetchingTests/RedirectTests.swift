import CLIPFetching
import CLIPTestSupport
import Testing

@Suite("Redirects and refused addresses", .timeLimit(.minutes(5)))
struct RedirectTests {
    /// A server whose root redirects to `location`, in which PORT stands for its port; any other path gives
    /// its name.
    private static func redirecting(
        to location: String,
        status: String = "302 Found"
    ) throws -> ScriptedServer {
        try ScriptedServer.answering { request in
            let path = request.split(separator: " ")[1]
            let port =
                request.split(separator: "\r\n").first { $0.hasPrefix("Host:") }?.split(separator: ":").last
                ?? ""
            guard path == "/" else { return answer(body: String(path)) }
            let target = location.replacing("PORT", with: port)
            return answer(status, "Location: \(target)", "Set-Cookie: a=b", body: "moved")
        }
    }

    @Test(
        "Every kind of redirect is followed",
        arguments: ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
    )
    func statuses(status: String) async throws {
        let server = try Self.redirecting(to: "/b", status: status)
        try await withFetcher(of: server) { fetcher in
            #expect(await outcome(of: fetcher, server.url()) == .success(Array("/b".utf8)))
        }
    }

    @Test(
        "A target may be absolute or relative",
        arguments: [
            ("http://127.0.0.1:PORT/b", "/b"), ("//127.0.0.1:PORT/b", "/b"), ("b", "/b"), ("?b", "/?b"),
            ("/a/../b", "/b"),
            ("/b#c", "/b"), ("/a b", "/a%20b"), ("/사진", "/%EC%82%AC%EC%A7%84"),
            ("http://127.0.0.1:PORT/a b?c d", "/a%20b?c%20d"), ("//127.0.0.1:PORT/a b", "/a%20b"),
            ("a b?c d#e f", "/a%20b?c%20d"), ("  /b \t", "/b"), ("./b", "/b"), ("../../b", "/b"),
            (#"/\b"#, "/%5Cb"), ("/100% wool", "/100%25%20wool"), ("/a:b", "/a:b"),
            ("/b\r\nlocation:/b", "/b"),
        ]
    )
    func targets(location: String, path: String) async throws {
        let server = try Self.redirecting(to: location)
        try await withFetcher(of: server) { fetcher in
            #expect(await outcome(of: fetcher, server.url()) == .success(Array(path.utf8)))
        }
    }

    @Test(
        "Two targets that do not agree are none, and neither is one in two lines",
        arguments: [
            "/b\r\nLocation: /c", "/b\r\nHTTP/1.1: 302 Found\r\nLocation: /c", "/b\r\n /c", "\r\n\t/b",
        ]
    )
    func twoTargets(target: String) async throws {
        let server = try Self.redirecting(to: target)
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.invalidResponse) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test("A target that only an interim answer names is not followed")
    func interimTarget() async throws {
        let server = try ScriptedServer.answering { _ in
            "HTTP/1.1 103 Early Hints\r\nLocation: /b\r\n\r\n" + answer("302 Found")
        }
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.badStatus(302)) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test("The next host is told neither cookies nor where the request comes from")
    func nothingForwarded() async throws {
        let server = try Self.redirecting(to: "/b")
        try await withFetcher(of: server) { fetcher in
            _ = try await fetcher.bytes(at: server.url())
            var events = server.events.makeAsyncIterator()
            let first = await events.next()
            let second = await events.next()
            guard case .request(let head) = first else {
                Issue.record("no request")
                return
            }
            #expect(second == .request(head.replacing("GET / ", with: "GET /b ")))
        }
    }

    @Test("The address of every hop is checked")
    func privateTarget() async throws {
        let server = try Self.redirecting(to: "http://127.0.0.2:PORT/b")
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.addressNotAllowed) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test("The same hop is taken where the policy allows it")
    func allowedTarget() async throws {
        let server = try Self.redirecting(to: "http://127.0.0.2:PORT/b")
        try await withFetcher(of: server, policy: .everyAddress) { fetcher in
            // Nobody listens there, and the fetcher has found that out.
            await #expect(throws: FetchingError.connectionFailed) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test(
        "A target with another scheme is refused",
        arguments: [
            ("file:///etc/passwd", "file"), ("ftp://127.0.0.1:PORT/", "ftp"),
            ("gopher://127.0.0.1:PORT/_", "gopher"),
            ("data:text/plain,a", "data"),
        ]
    )
    func schemes(location: String, scheme: String) async throws {
        let server = try Self.redirecting(to: location)
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.schemeNotAllowed(scheme)) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test(
        "A target that is no proper URL is refused",
        arguments: [
            ("http://user:secret@127.0.0.1:PORT/b", .hasCredentials),
            ("http://a b/", .forbiddenCharacter), (#"http://127.0.0.1:PORT\@a/"#, .forbiddenCharacter),
        ] as [(String, URLDefect)]
    )
    func defects(location: String, defect: URLDefect) async throws {
        let server = try Self.redirecting(to: location)
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.invalidRedirect(defect)) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test("A target longer than the limit is refused")
    func longTarget() async throws {
        let server = try Self.redirecting(to: "/" + String(repeating: "a", count: 100))
        try await withFetcher(of: server, { $0.maxURLBytes = 100 }) { fetcher in
            await #expect(throws: FetchingError.invalidRedirect(.tooLong(limit: 100))) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test("A loop ends at the limit")
    func loop() async throws {
        let server = try ScriptedServer.answering { _ in answer("302 Found", "Location: /") }
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.tooManyRedirects(limit: 5)) {
                try await fetcher.bytes(at: server.url())
            }
            server.stop()
            var requests = 0
            for await _ in server.events { requests += 1 }
            #expect(requests == 6)
        }
    }

    @Test("As many redirects as the limit are followed, and none when it is zero", arguments: [0, 3])
    func limit(redirects: Int) async throws {
        let server = try ScriptedServer.answering { request in
            let step = Int(request.split(separator: " ")[1].dropFirst()) ?? 0
            return step == 0 ? answer(body: "pixels") : answer("302 Found", "Location: /\(step - 1)")
        }
        try await withFetcher(of: server, { $0.maxRedirects = redirects }) { fetcher in
            #expect(await outcome(of: fetcher, server.url("/\(redirects)")) == .success(Array("pixels".utf8)))
            await #expect(throws: FetchingError.tooManyRedirects(limit: redirects)) {
                try await fetcher.bytes(at: server.url("/\(redirects + 1)"))
            }
        }
    }

    @Test(
        "Every spelling of a private address is refused by default",
        arguments: [
            "127.0.0.1", "2130706433", "017700000001", "0x7f000001", "0177.0.0.1", "0x7f.0.0.1", "127.1", "0",
            "0.0.0.0",
            "localhost", "LOCALHOST", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]",
            "[fe80::1]", "[fd00:ec2::254]", "10.0.0.1", "169.254.169.254", "192.168.0.1", "100.100.100.200",
        ]
    )
    func spellings(host: String) async throws {
        let server = try ScriptedServer.answering { _ in answer(body: "pixels") }
        defer { server.stop() }
        let fetcher = try ImageFetcher()
        defer { fetcher.shutdown() }
        await #expect(throws: FetchingError.addressNotAllowed) {
            try await fetcher.bytes(at: "http://\(host):\(server.port)/")
        }
        #expect(server.connectionCount == 0)
    }

    @Test(
        "The configuration's switch allows private addresses",
        arguments: ["127.0.0.1", "localhost", "2130706433"]
    )
    func allowsPrivateAddresses(host: String) async throws {
        let server = try ScriptedServer.answering { _ in answer(body: "pixels") }
        defer { server.stop() }
        var configuration = FetchingConfiguration()
        configuration.allowsPrivateAddresses = true
        let fetcher = try ImageFetcher(configuration: configuration)
        defer { fetcher.shutdown() }
        #expect(
            await outcome(of: fetcher, "http://\(host):\(server.port)/") == .success(Array("pixels".utf8))
        )
    }

    @Test("Of a name's addresses those that are allowed are used")
    func mixedAddresses() async throws {
        // localhost is ::1, which is refused here, and 127.0.0.1.
        let server = try ScriptedServer.answering { _ in answer(body: "pixels") }
        try await withFetcher(of: server) { fetcher in
            #expect(
                await outcome(of: fetcher, "http://localhost:\(server.port)/")
                    == .success(Array("pixels".utf8))
            )
        }
    }
}
