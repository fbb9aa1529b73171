import CLIPFetching
import CLIPTestSupport
import Testing

@Suite("Places for fetches", .timeLimit(.minutes(5)))
struct PlaceTests {
    private static func claim(_ host: String, _ client: String? = nil) throws -> FetchPlaces.Claim {
        FetchPlaces.Claim(host: try #require(URLHost(Array(host.utf8))), client: client)
    }

    @Test("Places are counted in all, for each host and for each client, and come back")
    func counting() throws {
        var configuration = FetchingConfiguration()
        configuration.maxConcurrentFetches = 4
        configuration.maxConcurrentFetchesPerHost = 2
        configuration.maxConcurrentFetchesPerClient = 3
        var places = FetchPlaces(configuration)
        for host in ["a", "A.", "b"] {
            #expect(places.hasPlace(for: try Self.claim(host, "x")))
            places.enter(try Self.claim(host, "x"))
        }
        #expect(!places.hasPlace(for: try Self.claim("a", "y")))
        #expect(!places.hasPlace(for: try Self.claim("c", "x")))
        #expect(places.hasPlace(for: try Self.claim("c", "y")))
        #expect(places.hasPlace(for: try Self.claim("c")))
        places.enter(try Self.claim("c"))
        #expect(places.isFull)
        #expect(!places.hasPlace(for: try Self.claim("d", "z")))
        places.leave(try Self.claim("a", "x"))
        #expect(!places.isFull)
        #expect(places.hasPlace(for: try Self.claim("a", "x")))
    }

    /// A server that gives `/fast` its answer, and everything else a byte now and then.
    private static func dripping() throws -> ScriptedServer {
        try ScriptedServer { connection in
            guard let request = connection.readRequest() else { return }
            guard !request.hasPrefix("GET /fast") else {
                connection.send(answer(body: "pixels"))
                return
            }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while connection.send([0]) { connection.waitForNothing(milliseconds: 100) }
        }
    }

    @Test(
        "48 drips of one client, or of one host, hold up nobody else",
        arguments: [("127.0.0.1", "other", "127.0.0.1"), ("127.0.0.1", "dripping", "localhost")]
    )
    func drips(host: String, client: String, honestHost: String) async throws {
        let server = try Self.dripping()
        let limits = { (configuration: inout FetchingConfiguration) in
            configuration.maxConcurrentFetches = 16
            // One case fills the client's places, the other the host's.
            configuration.maxConcurrentFetchesPerHost = client == "other" ? 16 : 4
        }
        try await withFetcher(of: server, limits) { fetcher in
            let drips = (0..<48).map { index in
                Task {
                    await outcome(of: fetcher, "http://\(host):\(server.port)/\(index)", client: "dripping")
                }
            }
            var events = server.events.makeAsyncIterator()
            for _ in 0..<(client == "other" ? 8 : 4) { _ = await events.next() }
            for _ in 0..<5 {
                let url = "http://\(honestHost):\(server.port)/fast"
                #expect(await outcome(of: fetcher, url, client: client) == .success(Array("pixels".utf8)))
            }
            for drip in drips { drip.cancel() }
            for drip in drips { #expect(await drip.value == .failure(.cancelled)) }
        }
    }

    @Test("A redirect waits for a place of its new host, and does not keep the old one's meanwhile")
    func redirects() async throws {
        let server = try ScriptedServer { connection in
            while let request = connection.readRequest() {
                if request.hasPrefix("GET /silent") { return connection.waitForClose() }
                let port = request.split(separator: "\r\n")[1].split(separator: ":")[2]
                connection.send(
                    request.hasPrefix("GET /moved")
                        ? answer("302 Found", "Location: http://localhost:\(port)/fast")
                        : answer(body: "pixels")
                )
            }
        }
        try await withFetcher(of: server, { $0.maxConcurrentFetchesPerHost = 1 }) { fetcher in
            let silent = Task { await outcome(of: fetcher, "http://localhost:\(server.port)/silent") }
            var events = server.events.makeAsyncIterator()
            _ = await events.next()
            let moved = Task { await outcome(of: fetcher, server.url("/moved")) }
            _ = await events.next()
            #expect(await outcome(of: fetcher, server.url("/fast")) == .success(Array("pixels".utf8)))
            silent.cancel()
            #expect(await moved.value == .success(Array("pixels".utf8)))
        }
    }

    @Test("Those that wait are bounded, in all and for each client")
    func queue() async throws {
        let server = try Self.dripping()
        let limits = { (configuration: inout FetchingConfiguration) in
            configuration.maxConcurrentFetches = 1
            configuration.maxWaitingFetches = 8
        }
        try await withFetcher(of: server, limits) { fetcher in
            let first = Task { await outcome(of: fetcher, server.url()) }
            var events = server.events.makeAsyncIterator()
            _ = await events.next()
            await withTaskGroup(of: Result<[UInt8], FetchingError>.self) { group in
                // Four of the client's may wait, and four more of anybody's.
                for client in ["a", nil] {
                    for _ in 0..<10 {
                        group.addTask { await outcome(of: fetcher, server.url(), client: client) }
                    }
                    for _ in 0..<6 {
                        #expect(await group.next() == .failure(.tooManyWaiting(limit: 8)))
                    }
                }
                fetcher.shutdown()
                var left = 0
                for await result in group {
                    #expect(result == .failure(.shutDown))
                    left += 1
                }
                #expect(left == 8)
            }
            #expect(await first.value == .failure(.shutDown))
        }
    }
}
