import CLIPFetching
import CLIPTestSupport
import Testing

@Suite("A fetch sees only its own bytes", .timeLimit(.minutes(5)))
struct OwnBytesTests {
    /// Answers to `/first`, with more behind them than belongs to them.
    private static let answers: [String: String] = [
        "bytes behind": answer(body: "first") + "extra",
        "a line behind": answer(body: "first") + "\r\n",
        "a second answer": answer(body: "first") + answer(body: "WRONG"),
        "ten answers": answer(body: "first") + String(repeating: answer(body: "WRONG"), count: 10),
        "an error with more": answer("404 Not Found", body: "none") + answer(body: "WRONG"),
        "no content, with a body": "HTTP/1.1 204 No Content\r\n\r\n" + answer(body: "WRONG"),
        "no content, with a length": "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nWRONG"
            + answer(body: "WRONG"),
        "not modified": "HTTP/1.1 304 Not Modified\r\n\r\n" + answer(body: "WRONG"),
        "reset content": "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n" + answer(body: "WRONG"),
        "chunked":
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n"
            + answer(body: "WRONG"),
        "chunked, bytes behind":
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\nextra",
        "a redirect": answer("302 Found", "Location: /right", body: "moved") + answer(body: "WRONG"),
        "a redirect without body": answer("301 Moved", "Location: /right") + answer(body: "WRONG"),
        "interim answers":
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
            + answer(body: "first")
            + answer(body: "WRONG"),
        "switched protocols": "HTTP/1.1 101 Switching Protocols\r\n\r\n" + answer(body: "WRONG"),
        "half an answer": answer(body: "first") + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nWR",
        "empty": answer(body: "") + answer(body: "WRONG"),
    ]

    @Test(
        "What a host sends behind an answer is never the answer to the next fetch",
        arguments: answers.keys.sorted(),
        [nil, 0, 3, 30]
    )
    func surplus(kind: String, delay: Int?) async throws {
        let whole = Array(try #require(Self.answers[kind]).utf8)
        let server = try ScriptedServer { connection in
            while let request = connection.readRequest() {
                guard request.hasPrefix("GET /first ") else {
                    guard connection.send(answer(body: "right")) else { return }
                    continue
                }
                // All at once, or the surplus a little later; where it begins does not matter to the test.
                if let delay {
                    let half = whole.count * 2 / 3
                    guard connection.send(Array(whole[..<half])) else { return }
                    connection.waitForNothing(milliseconds: delay)
                    guard connection.send(Array(whole[half...])) else { return }
                } else {
                    guard connection.send(whole) else { return }
                }
            }
        }
        try await withFetcher(of: server) { fetcher in
            for _ in 0..<4 {
                let first = await outcome(of: fetcher, server.url("/first"))
                if kind.contains("redirect") { #expect(first == .success(Array("right".utf8))) }
                if case .success(let bytes) = first { #expect(bytes != Array("WRONG".utf8)) }
                for _ in 0..<2 {
                    #expect(await outcome(of: fetcher, server.url("/right")) == .success(Array("right".utf8)))
                }
            }
        }
    }

    @Test("Every request has a connection of its own, redirects too")
    func connections() async throws {
        let server = try ScriptedServer.answering { request in
            request.hasPrefix("GET / ") ? answer("302 Found", "Location: /a") : answer(body: "pixels")
        }
        try await withFetcher(of: server) { fetcher in
            for _ in 0..<3 {
                #expect(await outcome(of: fetcher, server.url()) == .success(Array("pixels".utf8)))
            }
            #expect(server.connectionCount == 6)
        }
    }
}
