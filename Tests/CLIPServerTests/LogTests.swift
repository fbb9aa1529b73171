import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Logging
import Testing

@Suite("What is logged of a request", .timeLimit(.minutes(2)))
struct LogTests {
    private static let key = "a-key-for-tests"
    private static let secret = "what-nobody-else-should-read"

    /// A request and what its line says.
    struct Refusal: Sendable, CustomTestStringConvertible {
        var name: String
        var head: String
        var status: Int
        var line: String
        var cause: String

        var testDescription: String { name }
    }

    private static let cases = [
        Refusal(
            name: "no key",
            head: "GET /info?api_key=\(secret) HTTP/1.1\r\nHost: a",
            status: 401,
            line: "GET /info",
            cause: "no key"
        ),
        Refusal(
            name: "another machine",
            head: "POST /model/clear HTTP/1.1\r\nHost: \(secret)",
            status: 403,
            line: "POST /model/clear",
            cause: "under the name localhost"
        ),
        Refusal(
            name: "a large body",
            head: "POST /clip/embed_text?api_key=\(key) HTTP/1.1\r\nHost: a\r\nContent-Length: 1001",
            status: 413,
            line: "POST /clip/embed_text",
            cause: "--max-body-bytes"
        ),
        Refusal(
            name: "a packing",
            head:
                "POST /clip/embed_text?api_key=\(key) HTTP/1.1\r\nHost: a\r\nContent-Encoding: br;\(secret), br\r\n"
                + "Content-Length: 0",
            status: 415,
            line: "POST /clip/embed_text",
            cause: "Content-Encoding"
        ),
        Refusal(
            name: "a path",
            head: "GET /\(secret) HTTP/1.1\r\nHost: a",
            status: 404,
            line: "no such route",
            cause: "The path is none"
        ),
        Refusal(
            name: "a chunk",
            head: "POST /clip/embed_text?api_key=\(key) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked",
            status: 400,
            line: "POST /clip/embed_text",
            cause: "The chunked body is malformed."
        ),
    ]

    @Test(
        "A refused request has one line, with its id and the cause, and nothing that was sent",
        arguments: cases
    )
    func refusals(refusal: Refusal) async throws {
        let log = LogLines()
        try await LiveServer.with(
            configure: {
                $0.apiKeys = [Self.key]
                $0.maxBodyBytes = 1000
            },
            log: log
        ) { server in
            try await server.connected { connection in
                try connection.send("\(refusal.head)\r\nX-Request-ID: mine\r\n\r\nzz\r\n")
                let answer = try connection.answer()
                #expect(answer.status == refusal.status)
                #expect(answer.fields["x-request-id"] == "mine")
            }
        }
        let lines = log.of(request: "mine")
        #expect(lines.count == 1)
        let line = try #require(lines.first)
        #expect(line.metadata["status"] == "\(refusal.status)")
        let cause = try #require(line.metadata["cause"])
        #expect(cause.contains(refusal.cause) && Words.faults(of: cause) == [], "\(cause)")
        #expect(line.text == refusal.line)
        for line in log.all {
            #expect(!line.whole.contains(Self.secret) && !line.whole.contains(Self.key), "\(line)")
        }
    }

    @Test(
        "The log says what is wrong with a URL, and nothing of it; its sender is told that it is invalid",
        arguments: [
            ("https://\(secret):\(key)@example.com/", 0, "a user name or a password"),
            ("https://example.com:0/\(secret)", 0, "its port"),
            ("https://example.com/\(secret)", 8192, "more than 8192 bytes"),
        ]
    )
    func invalidURL(start: String, more: Int, words: String) async throws {
        let (log, url) = (LogLines(), start + String(repeating: "a", count: more))
        try await LiveServer.with(log: log) { server in
            let answer = try await server.post(
                "/clip/embed_image",
                #"{"image": {"type": "url", "value": "\#(url)"}}"#,
                fields: [("X-Request-ID", "mine")]
            )
            #expect(answer.status == 400)
            #expect(answer.text.contains("Cause: Provided image URL is invalid\""), "\(answer.text)")
        }
        let line = try #require(log.of(request: "mine").first)
        let cause = try #require(line.metadata["cause"])
        #expect(cause.contains(words) && Words.faults(of: cause) == [], "\(cause)")
        for line in log.all {
            #expect(!line.whole.contains(Self.secret) && !line.whole.contains(Self.key), "\(line)")
        }
    }

    @Test("Bytes that are no request are logged as such")
    func noRequest() async throws {
        let log = LogLines()
        try await LiveServer.with(log: log) { server in
            try await server.connected { connection in
                try connection.send("\(Self.secret)\r\n\r\n")
                #expect(try connection.answer().status == 400)
            }
        }
        let line = try #require(log.all.first { $0.metadata["status"] == "400" })
        #expect(line.text == "no request")
        #expect(line.metadata["cause"]?.hasPrefix("The request's first line must be") == true)
        #expect(!line.whole.contains(Self.secret))
    }

    @Test("A probe that hears no has one line with the cause: a pass that hangs, a stop, models to come")
    func probes() throws {
        let directory = try SmallModel.directory.get()
        let engine = try EmbeddingEngine(
            configuration: EngineConfiguration(
                models: [ModelSource(name: "tiny", directory: directory)],
                cores: 1
            )
        )
        defer { engine.shutdown() }
        func routes(isAccepting: Bool) -> RouteContext {
            RouteContext(engine: engine, identity: ServerIdentity(version: "1")) { isAccepting }
        }
        let problem = "model tiny: a forward pass has not ended for 61 s"
        let stopped = try #require(routes(isAccepting: false).probe(Operations.readiness))
        let loading = try #require(routes(isAccepting: true).probe(Operations.readiness))
        let cases: [(Answer, Route, String)] = [
            (Operations.health(problem: problem), Operations.health, problem),
            (stopped, Operations.readiness, "told to stop"), (loading, Operations.readiness, "models"),
        ]
        for (answer, route, words) in cases {
            let log = LogLines()
            var logger = Logger(label: "test") { _ in log.handler }
            logger.logLevel = .debug
            RequestLog(logger).note(answer, route: route, method: "GET", id: "mine", milliseconds: 1)
            let line = try #require(log.of(request: "mine").first)
            #expect(log.all.count == 1 && line.text == "GET \(route.path)")
            #expect(line.metadata["status"] == "503")
            let cause = try #require(line.metadata["cause"])
            #expect(cause.ranges(of: words).count == 1, "\(cause)")
            #expect(Words.faults(of: cause) == [], "\(cause)")
        }
        #expect(Operations.health(problem: nil).cause == nil && Operations.health(problem: nil).status == 200)
    }
}
