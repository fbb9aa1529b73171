import CLIPFetching
import CLIPTestSupport
import Foundation
import Testing

@Suite("Answers", .timeLimit(.minutes(5)))
struct AnswerTests {
    @Test("A success gives the body's bytes")
    func success() async throws {
        let server = try ScriptedServer.answering { _ in answer(body: "pixels") }
        try await withFetcher(of: server) { fetcher in
            #expect(await outcome(of: fetcher, server.url("/a.png")) == .success(Array("pixels".utf8)))
        }
    }

    @Test("A request says who asks and nothing else")
    func request() async throws {
        let server = try ScriptedServer.answering { _ in answer(body: "pixels") }
        try await withFetcher(of: server) { fetcher in
            _ = try await fetcher.bytes(at: server.url("/사진.png?a=b#c"))
            var events = server.events.makeAsyncIterator()
            let fields = [
                "GET /%EC%82%AC%EC%A7%84.png?a=b HTTP/1.1", "Host: 127.0.0.1:\(server.port)",
                "User-Agent: swift-clip",
                "Accept: */*", "Accept-Encoding: identity",
            ]
            #expect(await events.next() == .request(fields.joined(separator: "\r\n") + "\r\n\r\n"))
        }
    }

    @Test("A chunked body is joined")
    func chunked() async throws {
        let server = try ScriptedServer.answering { _ in
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\npix\r\n3\r\nels\r\n0\r\n\r\n"
        }
        try await withFetcher(of: server) { fetcher in
            #expect(await outcome(of: fetcher, server.url()) == .success(Array("pixels".utf8)))
        }
    }

    @Test("A body that ends with the connection is whole")
    func closed() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.0 200 OK\r\n\r\npixels")
        }
        try await withFetcher(of: server) { fetcher in
            #expect(await outcome(of: fetcher, server.url()) == .success(Array("pixels".utf8)))
        }
    }

    @Test("Early hints before the answer are passed over")
    func earlyHints() async throws {
        let server = try ScriptedServer.answering { _ in
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer(body: "pixels")
        }
        try await withFetcher(of: server) { fetcher in
            #expect(await outcome(of: fetcher, server.url()) == .success(Array("pixels".utf8)))
        }
    }

    @Test("What stands behind the body changes nothing")
    func trailers() async throws {
        let trailers =
            "HTTP/1.1: 404 Not Found\r\nContent-Encoding: br\r\nTransfer-Encoding: gzip\r\nLocation: /a\r\nLocation: /b\r\n"
        let server = try ScriptedServer.answering { _ in
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\npixels\r\n0\r\n\(trailers)\r\n"
        }
        try await withFetcher(of: server) { fetcher in
            #expect(await outcome(of: fetcher, server.url()) == .success(Array("pixels".utf8)))
        }
    }

    @Test(
        "A field that counts and goes on in the next line is refused, others are passed over",
        arguments: [
            ("Content-Encoding: gzip,\r\n gzip", false), ("Content-Encoding:\r\n\tgzip", false),
            ("Transfer-Encoding: identity\r\n , gzip", false), ("Location: /a\r\n b", false),
            ("X-Note: a\r\n b", true), ("X-Note: a\r\n Content-Encoding: gzip", true),
        ]
    )
    func folded(field: String, isFine: Bool) async throws {
        let server = try ScriptedServer.answering { _ in answer("200 OK", field, body: "pixels") }
        try await withFetcher(of: server) { fetcher in
            let found = await outcome(of: fetcher, server.url())
            #expect(found == (isFine ? .success(Array("pixels".utf8)) : .failure(.invalidResponse)))
        }
    }

    @Test(
        "A status other than 2xx is an error, whatever the body",
        arguments: [
            "300 Multiple Choices", "304 Not Modified", "401 Unauthorized", "404 Not Found", "500 Oh",
            "302 Found", "101 Switching Protocols",
        ]
    )
    func statuses(status: String) async throws {
        let server = try ScriptedServer.answering { _ in
            answer(status, body: status.hasPrefix("304") ? "" : "pixels")
        }
        try await withFetcher(of: server) { fetcher in
            let code = try #require(Int(status.prefix(3)))
            await #expect(throws: FetchingError.badStatus(code)) { try await fetcher.bytes(at: server.url()) }
        }
    }

    @Test("An error's endless body is not waited for")
    func endlessError() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 404 Not Found\r\n\r\n")
            while connection.send([UInt8](repeating: 0, count: 1000)) {}
        }
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.badStatus(404)) { try await fetcher.bytes(at: server.url()) }
        }
    }

    @Test("An empty body is an error of its own", arguments: ["200 OK", "204 No Content"])
    func empty(status: String) async throws {
        let server = try ScriptedServer.answering { _ in answer(status) }
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.emptyBody) { try await fetcher.bytes(at: server.url()) }
        }
    }

    @Test(
        "A body shorter than promised is incomplete",
        arguments: ["Content-Length: 100\r\n\r\npixels", "Transfer-Encoding: chunked\r\n\r\n64\r\npixels"]
    )
    func tooShort(rest: String) async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\n" + rest)
        }
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.incompleteBody) { try await fetcher.bytes(at: server.url()) }
        }
    }

    @Test("Bytes past the promised length are dropped, with their connection")
    func tooLong() async throws {
        let server = try ScriptedServer.answering { _ in
            answer(body: "pixels") + answer("404 Not Found")
        }
        try await withFetcher(of: server) { fetcher in
            for _ in 0..<2 {
                #expect(await outcome(of: fetcher, server.url()) == .success(Array("pixels".utf8)))
            }
            #expect(server.connectionCount == 2)
        }
    }

    @Test(
        "What is not HTTP is an invalid response",
        arguments: ["pixels\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "\u{0}\u{0}\r\n"]
    )
    func notHTTP(text: String) async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send(text)
        }
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.invalidResponse) { try await fetcher.bytes(at: server.url()) }
        }
    }

    @Test("A header without end is cut off", arguments: ["a", "a: b\r\n"])
    func endlessHeader(piece: String) async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nA: ")
            let pieces = String(repeating: piece, count: 1000)
            while connection.send(pieces) {}
        }
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.invalidResponse) { try await fetcher.bytes(at: server.url()) }
        }
    }

    @Test("A header of 60 KiB is taken, and one of 70 KiB is not")
    func longHeader() async throws {
        let server = try ScriptedServer.answering { request in
            let lines = request.hasPrefix("GET /60") ? 60 : 70
            let field = "A: " + String(repeating: "a", count: 1019)
            return answer(
                "200 OK",
                [String](repeating: field, count: lines).joined(separator: "\r\n"),
                body: "pixels"
            )
        }
        try await withFetcher(of: server) { fetcher in
            #expect(await outcome(of: fetcher, server.url("/60")) == .success(Array("pixels".utf8)))
            #expect(await outcome(of: fetcher, server.url("/70")) == .failure(.invalidResponse))
        }
    }

    @Test("A server that hangs up has lost the connection")
    func hangsUp() async throws {
        let server = try ScriptedServer { connection in _ = connection.readRequest() }
        try await withFetcher(of: server) { fetcher in
            await #expect(throws: FetchingError.connectionLost) { try await fetcher.bytes(at: server.url()) }
        }
    }

    @Test("A port that nobody listens on fails to connect")
    func connectionRefused() async throws {
        let (socket, port) = try ScriptedServer.listen(backlog: nil)
        defer { close(socket) }
        try await withFetcher { fetcher in
            await #expect(throws: FetchingError.connectionFailed) {
                try await fetcher.bytes(at: "http://127.0.0.1:\(port)/")
            }
        }
    }

    @Test("A name that cannot exist is not found")
    func noSuchHost() async throws {
        // A label of 64 bytes, one too many for the name service, so nothing is asked of a network.
        let label = String(repeating: "a", count: 64)
        try await withFetcher { fetcher in
            await #expect(throws: FetchingError.hostNotFound) {
                try await fetcher.bytes(at: "http://\(label).invalid/")
            }
        }
    }

    #if os(Linux)
    @Test("Proxies of the environment are ignored")
    func proxies() async {
        await #expect(processExitsWith: .success) {
            for name in ["http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"] {
                setenv(name, "http://127.0.0.1:1", 1)
            }
            let server = try ScriptedServer.answering { _ in answer(body: "pixels") }
            try await withFetcher(of: server) { fetcher in
                #expect(await outcome(of: fetcher, server.url()) == .success(Array("pixels".utf8)))
            }
        }
    }
    #endif
}
