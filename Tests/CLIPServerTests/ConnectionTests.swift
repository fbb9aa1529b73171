import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("Connections", .timeLimit(.minutes(3)))
struct ConnectionTests {
    private static let json = [("Content-Type", "application/json")]
    private static let text = Array(#"{"text":"a"}"#.utf8)

    @Test("A connection serves many requests, errors among them")
    func keepAlive() async throws {
        try await LiveServer.with { server in
            try await server.connected { connection in
                for body in [Self.text, Array("{".utf8), Self.text, [], Self.text] {
                    try connection.send("POST", "/clip/embed_text", body: body, fields: Self.json)
                    #expect(try connection.answer().status == (body == Self.text ? 200 : 422))
                }
                try connection.send("GET", "/nothing")
                #expect(try connection.answer().status == 404)
                // A body that no route wants is passed over.
                try connection.send("POST", "/nothing", body: Array(repeating: 0x20, count: 100_000))
                #expect(try connection.answer().status == 405)
                try connection.send("GET", "/healthz")
                #expect(try connection.answer().status == 200)
            }
        }
    }

    @Test("Requests sent without waiting are answered in order")
    func pipelining() async throws {
        try await LiveServer.with { server in
            try await server.connected { connection in
                for index in 0..<10 {
                    try connection.send(
                        "POST",
                        "/clip/embed_text",
                        body: Self.text,
                        fields: Self.json + [("X-Request-ID", "r\(index)")]
                    )
                }
                for index in 0..<10 {
                    let answer = try connection.answer()
                    #expect(answer.status == 200)
                    #expect(answer.fields["x-request-id"] == "r\(index)")
                }
            }
        }
    }

    /// Bytes that are no request, and what the test's output calls them.
    struct Malformed: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let text: String

        init(_ name: String, _ text: String) {
            (testDescription, self.text) = (name, text)
        }
    }

    @Test(
        "What is not HTTP is refused, and the connection closed",
        arguments: [
            Malformed("words", "hello\r\n\r\n"),
            Malformed("a line without a colon", "GET /healthz HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n"),
            Malformed("a length", "POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"),
            Malformed(
                "a chunk",
                "POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            ),
            Malformed(
                "a field of 200 kB",
                "GET /healthz HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 200_000))\r\n\r\n"
            ),
        ]
    )
    func malformed(message: Malformed) async throws {
        let text = message.text
        try await LiveServer.with { server in
            let (status, ends) = try await server.connected { connection in
                // The server may be done with a long field before all of it is sent.
                try? connection.send(text)
                let status = try? connection.answer().status
                return (status, try connection.isEnded())
            }
            // Of what is answered while the client still sends, it may see the end alone.
            #expect([400, 414, 431, nil].contains(status))
            #expect(ends)
            #expect(try await server.request("GET", "/healthz").status == 200)
        }
    }

    @Test("A body that is announced as too large is refused unread")
    func announcedTooLarge() async throws {
        try await LiveServer.with {
            $0.maxBodyBytes = 1000
        } _: { server in
            try await server.connected { connection in
                try connection.send(
                    "POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"
                )
                let answer = try connection.answer()
                #expect(answer.status == 413)
                #expect(answer.message?.contains("1000 bytes") == true)
                #expect(answer.fields["connection"] == "close")
                #expect(try connection.isEnded())
            }
            let fitting = Array((#"{"text":"a""# + String(repeating: " ", count: 988) + "}").utf8)
            #expect(fitting.count == 1000)
            #expect(
                try await server.request("POST", "/clip/embed_text", body: fitting, fields: Self.json).status
                    == 200
            )
        }
    }

    @Test("A body that turns out too large is refused, and the client gets to read why")
    func streamedTooLarge() async throws {
        try await LiveServer.with {
            $0.maxBodyBytes = 100_000
        } _: { server in
            try await server.connected { connection in
                try connection.send(
                    "POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                let chunk = "4000\r\n" + String(repeating: " ", count: 0x4000) + "\r\n"
                for _ in 0..<64 {
                    do { try connection.send(chunk) } catch { break }
                }
                #expect(try connection.answer().status == 413)
                #expect(try connection.isEnded())
            }
        }
    }

    @Test("A chunked body is put together")
    func chunked() async throws {
        try await LiveServer.with { server in
            try await server.connected { connection in
                try connection.send(
                    "POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n"
                )
                for byte in Self.text { try connection.send("1\r\n\(Character(Unicode.Scalar(byte)))\r\n") }
                try connection.send("0\r\n\r\n")
                #expect(try connection.answer().status == 200)
            }
        }
    }

    @Test("A client that asks before it sends is told to go on, unless what it has is too large")
    func expectContinue() async throws {
        try await LiveServer.with {
            $0.maxBodyBytes = 1000
        } _: { server in
            try await server.connected { connection in
                let head = "POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                let type = "Content-Type: application/json\r\n"
                try connection.send(head + type + "Content-Length: \(Self.text.count)\r\n\r\n")
                #expect(try connection.answer().status == 100)
                try connection.send(Self.text)
                #expect(try connection.answer().status == 200)
                try connection.send(head + "Content-Length: 1001\r\n\r\n")
                #expect(try connection.answer().status == 413)
            }
        }
    }

    @Test("A client that leaves within a body harms nobody")
    func halfABody() async throws {
        try await LiveServer.with { server in
            for _ in 0..<8 {
                try await server.connected { connection in
                    try connection.send(
                        "POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"
                    )
                }
            }
            #expect(try await server.request("GET", "/healthz").status == 200)
        }
    }

    @Test("A connection on which nothing arrives is closed, within a head too")
    func idle() async throws {
        try await LiveServer.with {
            $0.idleTimeLimit = .milliseconds(200)
        } _: { server in
            for start in ["", "GET /healthz HT", "GET /healthz HTTP/1.1\r\nHost: a\r\n"] {
                let ends = try await server.connected { connection in
                    try connection.send(start)
                    return try connection.isEnded()
                }
                #expect(ends)
            }
        }
    }

    @Test("A head that trickles in for too long ends its connection")
    func slowHead() async throws {
        try await LiveServer.with {
            $0.headTimeLimit = .milliseconds(300)
        } _: { server in
            try await server.connected { connection in
                try connection.send("GET /healthz HTTP/1.1\r\n")
                for _ in 0..<100 {
                    do { try connection.send("X: y\r\n") } catch { break }
                    if try connection.isEnded(within: 0.05) { break }
                }
                #expect(try connection.isEnded())
            }
        }
    }

    @Test("A body that does not come, or comes too slowly, is refused", arguments: [true, false])
    func slowBody(isStalling: Bool) async throws {
        try await LiveServer.with {
            if isStalling {
                $0.stallTimeLimit = .milliseconds(200)
            } else {
                $0.bodyTimeLimit = .milliseconds(200)
            }
        } _: { server in
            for length in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
                try await server.connected { connection in
                    let head = "POST /clip/embed_text HTTP/1.1\r\nHost: a\r\n\(length)\r\n\r\n"
                    try connection.send(head + "1\r\n{\r\n")
                    #expect(try connection.answer().status == 408)
                    #expect(try connection.isEnded())
                }
            }
        }
    }

    @Test("Nothing more is done for a client that has left")
    func clientGone() async throws {
        let upstream = try HeldUpstream()
        try await LiveServer.with(
            engine: { $0.waitsForHeldUpstreams() },
            { server in
                let port = server.port
                let connection = try await Loopback.onThread { SendableBox(try HTTPConnection(port: port)) }
                try connection.take()?.send(
                    "POST",
                    "/clip/embed_image",
                    body: upstream.imageBody,
                    fields: Self.json
                )
                try await upstream.accepted()
                connection.drop()
                #expect(try await upstream.abandoned())
            }
        )
    }

    @Test("Hostile bodies are refused, and the server lives on")
    func hostile() async throws {
        let bodies: [(String, Int)] = [
            (String(repeating: "[", count: 1_000_000), 400),
            (#"{"text":"# + String(repeating: #"{"a":"#, count: 300_000), 400),
            (#"{"text":"\#(String(repeating: "x", count: 20_000))"}"#, 400),
            (#"{"text":"a","start":1e999}"#, 200),
            (#"{"text":"a","start":\#(String(repeating: "9", count: 5000))}"#, 400),
            (#"{"text":"\ud800"}"#, 200),
            (#"{"text":"\u0000"}"#, 200),
            ("{\"text\":\"\u{0}\"}", 422),
            (#"{"text":1,"text":"a"}"#, 200),
            ("\u{FEFF}{\"text\":\"a\"}", 200),
            (#"{"text":["a",1]}"#, 422),
        ]
        try await LiveServer.with { server in
            for (body, status) in bodies {
                let answer = try await server.post("/clip/embed_text", body)
                #expect(answer.status == status, "\(body.prefix(40))")
                #expect(answer.body.count < 20_000)
            }
            let bytes = Array("{\"text\":\"".utf8) + [0xFF] + Array("\"}".utf8)
            let answer = try await server.request("POST", "/clip/embed_text", body: bytes, fields: Self.json)
            #expect(answer.status == 400)
            #expect(answer.text == #"{"detail":"There was an error parsing the body"}"#)
        }
    }
}

/// A connection on its way between threads; only one holds it at a time.
final class SendableBox: @unchecked Sendable {
    // Sendable because every access is by the one test that waits for each of its steps.
    private var connection: HTTPConnection?

    init(_ connection: HTTPConnection) {
        self.connection = connection
    }

    func take() -> HTTPConnection? { connection }

    func drop() { connection = nil }
}
