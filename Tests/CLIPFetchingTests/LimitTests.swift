import CLIPFetching
import CLIPTestSupport
import Foundation
import Testing

@Suite("Limits of time and size", .timeLimit(.minutes(5)))
struct LimitTests {
    @Test("A server that never answers is given up")
    func neverAnswers() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.waitForClose()
        }
        try await withFetcher(of: server, { $0.timeLimit = .seconds(2) }) { fetcher in
            await #expect(throws: FetchingError.timedOut) { try await fetcher.bytes(at: server.url()) }
            var events = server.events.makeAsyncIterator()
            _ = await events.next()
            #expect(await events.next() == .closedByPeer)
        }
    }

    @Test("A body that stalls is given up")
    func stalls() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npix")
            connection.waitForClose()
        }
        try await withFetcher(of: server, { $0.timeLimit = .milliseconds(200) }) { fetcher in
            await #expect(throws: FetchingError.timedOut) { try await fetcher.bytes(at: server.url()) }
        }
    }

    @Test("A body that only trickles is given up without a time limit")
    func trickles() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\np")
            connection.waitForClose()
        }
        let slow = { (configuration: inout FetchingConfiguration) in
            configuration.minimumBytesPerSecond = 1024
            configuration.slowTimeLimit = .seconds(1)
        }
        try await withFetcher(of: server, slow) { fetcher in
            await #expect(throws: FetchingError.timedOut) { try await fetcher.bytes(at: server.url()) }
        }
    }

    @Test("Redirects share one time limit")
    func slowRedirects() async throws {
        // Each answer waits for the one byte that never comes in its own 100 ms, so that no hop alone is too
        // slow.
        let server = try ScriptedServer { connection in
            while connection.readRequest() != nil {
                connection.waitForNothing(milliseconds: 100)
                guard connection.send(answer("302 Found", "Location: /")) else { return }
            }
        }
        let limits = { (configuration: inout FetchingConfiguration) in
            configuration.timeLimit = .milliseconds(350)
            configuration.maxRedirects = 50
        }
        try await withFetcher(of: server, limits) { fetcher in
            await #expect(throws: FetchingError.timedOut) { try await fetcher.bytes(at: server.url()) }
        }
    }

    @Test("A host that does not take the connection is given up at the connect limit")
    func connectLimit() async throws {
        // A full backlog drops further attempts without a word.
        let (listener, port) = try ScriptedServer.listen(backlog: 0)
        defer { close(listener) }
        let fill = (0..<4).map { _ in try? ScriptedServer.connectWithoutWaiting(port: port) }
        defer { for case let socket? in fill { close(socket) } }
        try await withFetcher({ $0.connectTimeLimit = .milliseconds(200) }) { fetcher in
            await #expect(throws: FetchingError.timedOut) {
                try await fetcher.bytes(at: "http://127.0.0.1:\(port)/")
            }
        }
    }

    @Test("A body of exactly the limit is taken")
    func atLimit() async throws {
        let server = try ScriptedServer.answering { _ in answer(body: String(repeating: "p", count: 1000)) }
        try await withFetcher(of: server, { $0.maxBytes = 1000 }) { fetcher in
            let image = try await fetcher.bytes(at: server.url())
            #expect(image.bytes.count == 1000)
        }
    }

    @Test("A length above the limit is refused before the body")
    func announced() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")
            connection.waitForClose()
        }
        try await withFetcher(of: server, { $0.maxBytes = 1000 }) { fetcher in
            await #expect(throws: FetchingError.tooManyBytes(limit: 1000)) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test(
        "A body without end is stopped at the limit",
        arguments: [
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "a\r\n0123456789\r\n"),
            ("HTTP/1.1 200 OK\r\n\r\n", "0123456789"),
        ]
    )
    func endless(head: String, piece: String) async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send(head)
            let pieces = String(repeating: piece, count: 100)
            while connection.send(pieces) {}
        }
        try await withFetcher(of: server, { $0.maxBytes = 100_000 }) { fetcher in
            await #expect(throws: FetchingError.tooManyBytes(limit: 100_000)) {
                try await fetcher.bytes(at: server.url())
            }
        }
    }

    @Test("A redirect's endless body is not waited for")
    func endlessRedirect() async throws {
        let server = try ScriptedServer { connection in
            guard let request = connection.readRequest() else { return }
            guard request.hasPrefix("GET / ") else {
                connection.send(answer(body: "pixels"))
                return
            }
            connection.send("HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n")
            while connection.send(String(repeating: "0123456789", count: 100)) {}
        }
        try await withFetcher(of: server) { fetcher in
            #expect(await outcome(of: fetcher, server.url()) == .success(Array("pixels".utf8)))
        }
    }

    @Test("A drip just above the lowest speed is given up before its time is over")
    func drips() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
            // Some 2,500 bytes a second, a little at a time.
            while connection.send([UInt8](repeating: 0, count: 50)) {
                connection.waitForNothing(milliseconds: 20)
            }
        }
        let slow = { (configuration: inout FetchingConfiguration) in
            configuration.minimumBytesPerSecond = 1024
            configuration.slowTimeLimit = .seconds(1)
        }
        try await withFetcher(of: server, slow) { fetcher in
            await #expect(throws: FetchingError.timedOut) { try await fetcher.bytes(at: server.url()) }
        }
    }

    @Test("What is asked of a fetch grows with its time, and what cannot be there in time ends early")
    func speedRule() {
        let rule = SpeedRule(minimum: 1000, grace: .seconds(5))
        func refuses(_ received: Int, of announced: Int? = nil, after seconds: Int) -> Bool {
            rule.refuses(
                received: received,
                announced: announced,
                elapsed: .seconds(seconds),
                remaining: .seconds(10 - seconds)
            )
        }
        #expect(!refuses(0, after: 5))
        #expect(refuses(8_000, after: 6))
        #expect(!refuses(9_000, after: 6))
        #expect(refuses(29_000, after: 9))
        #expect(!refuses(40_000, after: 10))
        #expect(!refuses(4_000_000, of: 20_000_000 / 3, after: 6))
        #expect(refuses(4_000_000, of: 20_000_000, after: 6))
        #expect(
            !rule.refuses(received: 240_000, announced: nil, elapsed: .seconds(60), remaining: .seconds(60))
        )
        #expect(
            !SpeedRule(minimum: 0, grace: .seconds(5))
                .refuses(received: 0, announced: 1 << 20, elapsed: .seconds(60), remaining: .zero)
        )
    }
}
