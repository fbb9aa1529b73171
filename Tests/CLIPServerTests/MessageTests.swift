import CLIPEngine
import CLIPJSON
import CLIPServer
import Foundation
import Testing

@Suite("Messages as RFC 9112 wants them", .timeLimit(.minutes(2)))
struct MessageTests {
    private static let post = "POST /clip/embed_text HTTP/1.1\r\nContent-Type: application/json\r\n"
    /// `{"text":"a"}`, packed, and the same with 300,000 blanks behind it.
    private static let gzip = "H4sIAAAAAAACA6tWKkmtKFGyUkpUqgUAjsPkFQwAAAA="
    private static let zlib = "eJyrVipJrShRslJKVKoFABqhA+E="
    private static let bomb =
        "H4sIAAAAAAACA+3BQQ0AIAwEMCvkZOCGBw72IFnwjg/StlP7VGZW7gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAgI88U0ny9u"
        + "yTBAA="
    private static let next = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test(
        "What two readers could read differently is refused, and nothing behind it is taken for a request",
        arguments: [
            ("GET /healthz HTTP/1.1\r\n\r\n", 400),
            ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
            ("GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n", 400),
            ("GET /healthz HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
            ("GET /healthz HTTP/1.1\nHost: a\n\n", 400),
            ("GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400),
            ("GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /healthz\r\n\r\n", 400),
            ("GET /healthz HTTP/1.2\r\n\r\n", 400),
            ("GET /healthz HTTP/0.9\r\nHost: a\r\n\r\n", 505),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            (post + "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
            (post + "Host: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
            (post + "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", 501),
            (post + "Host: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
            (post + "Host: a\r\nTransfer-Encoding: \r\n\r\n0\r\n\r\n", 400),
            (post + "Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            (post + "Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{", 400),
            (post + "Host: a\r\nContent-Length: 1, 2\r\n\r\n{", 400),
            (post + "Host: a\r\nContent-Length: -1\r\n\r\n", 400),
            (post + "Host: a\r\nContent-Length: +1\r\n\r\n{", 400),
            (post + "Host: a\r\nContent-Length: 1 1\r\n\r\n{", 400),
            (post + "Host: a\r\nContent-Length: 0x1\r\n\r\n{", 400),
            (post + "Host: a\r\nContent-Length: \r\n\r\n{", 400),
            (post + "Host: a\r\nContent-Length: 9223372036854775808\r\n\r\n{", 413),
            (post + "Host: a\r\nContent-Length: 99999999999999999999999\r\n\r\n{", 413),
            (post + "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", 400),
            (post + "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n1 1\r\n{\r\n", 400),
            (post + "Host: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{", 400),
            (post + "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n1\n{\r\n", 400),
            (post + "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n", 400),
        ]
    )
    func refused(text: String, status: Int) async throws {
        try await LiveServer.with { server in
            try await server.connected { connection in
                try connection.send(text + Self.next)
                let answer = try connection.answer()
                #expect(answer.status == status)
                #expect(answer.fields["connection"] == "close")
                #expect(answer.message?.hasSuffix(".") == true)
                #expect(try connection.isEnded())
            }
        }
    }

    @Test("The connection goes on behind each of these, and the next requests are answered")
    func goesOn() async throws {
        let body = #"{"text":"a"}"#
        let heads = [
            "Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
            "Host: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n",
            "host: a\r\nConnection: keep-alive\r\nConnection: x\r\n",
            "Host: a\r\nContent-Length: \(body.utf8.count)\r\n",
            "Host:\r\n",
        ]
        try await LiveServer.with { server in
            try await server.connected { connection in
                for head in heads {
                    let length = "Content-Length: \(body.utf8.count)\r\n\r\n"
                    try connection.send(Self.post + head + length + body + "\r\n" + Self.next)
                    #expect(try connection.answer().status == 200, "\(head)")
                    #expect(try connection.answer().status == 200, "\(head)")
                }
                let chunks = "Transfer-Encoding: Chunked\r\n\r\n"
                let text = "6;a=b\r\n{\"text\r\n6\r\n\":\"a\"}\r\n0\r\nTrailer: t\r\n\r\n"
                try connection.send(Self.post + "Host: a\r\n" + chunks + text + Self.next)
                #expect(try connection.answer().status == 200)
                #expect(try connection.answer().status == 200)
                try connection.send("GET http://a.example:80/healthz?x=1 HTTP/1.1\r\nHost: b\r\n\r\n")
                #expect(try connection.answer().status == 200)
                try connection.send("OPTIONS * HTTP/1.1\r\nHost: b\r\n\r\n")
                #expect(try connection.answer().status == 405)
                // A body where none belongs is passed over.
                try connection.send("GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nGET ")
                #expect(try connection.answer().status == 200)
                try connection.send(Self.next)
                #expect(try connection.answer().status == 200)
            }
        }
    }

    @Test(
        "A connection ends where the client says so, or says nothing in HTTP/1.0",
        arguments: [
            ("HTTP/1.0\r\n", true), ("HTTP/1.0\r\nConnection: Keep-Alive\r\n", false),
            ("HTTP/1.0\r\nConnection: x, keep-alive\r\n", false), ("HTTP/1.1\r\nHost: a\r\n", false),
            ("HTTP/1.2\r\nHost: a\r\n", false),
            ("HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n", true),
            ("HTTP/1.1\r\nHost: a\r\nConnection: TE ,\tclose\r\n", true),
            ("HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nConnection: CLOSE\r\n", true),
        ]
    )
    func ends(head: String, ends: Bool) async throws {
        try await LiveServer.with { server in
            for path in ["/healthz", "/info"] {
                try await server.connected { connection in
                    try connection.send("GET \(path) \(head)\r\n")
                    let answer = try connection.answer()
                    #expect(answer.status == 200)
                    let isOld = head.hasPrefix("HTTP/1.0")
                    #expect(answer.fields["connection"] == (ends ? "close" : isOld ? "keep-alive" : nil))
                    if ends {
                        #expect(try connection.isEnded())
                    } else {
                        try connection.send(Self.next)
                        #expect(try connection.answer().status == 200)
                    }
                }
            }
        }
    }

    @Test("A tunnel is refused, and the connection ends")
    func connect() async throws {
        try await LiveServer.with { server in
            try await server.connected { connection in
                try connection.send(
                    "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n" + Self.next
                )
                #expect(try connection.answer().status == 405)
                #expect(try connection.isEnded())
            }
        }
    }

    @Test("A request is read the same wherever its bytes are parted")
    func parted() async throws {
        let body = #"{"text":"a"}"#
        let text =
            "\r\n" + Self.post + "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "c\r\n\(body)\r\n0\r\n\r\n" + Self.next
        try await LiveServer.with { server in
            try await server.connected { connection in
                for place in stride(from: 1, to: text.utf8.count, by: 7) {
                    try connection.send(Array(text.utf8.prefix(place)))
                    _ = try connection.isEnded(within: 0.002)
                    try connection.send(Array(text.utf8.dropFirst(place)))
                    #expect(try connection.answer().status == 200)
                    #expect(try connection.answer().status == 200)
                }
            }
        }
    }

    @Test("A name that goes back is cut by its bytes")
    func longNames() {
        let family = String(repeating: "👩\u{200D}", count: 100_000)
        let step = FieldProblem.Step.name(JSONText(utf8: Array(family.utf8)[...]))
        guard case .name(let name) = step else { Issue.record("\(step)"); return }
        #expect(name.utf8.count <= 64 + 3 && name.utf8.starts(with: "👩".utf8))
        #expect(!name.unicodeScalars.contains("\u{FFFD}"))
    }

    @Test("Packed bodies are unpacked, within the limit, and what is not packed so is refused")
    func packed() async throws {
        try await LiveServer.with {
            $0.maxBodyBytes = 100_000
        } _: { server in
            func post(_ body: [UInt8], _ encoding: String) async throws -> HTTPAnswer {
                try await server.request(
                    "POST",
                    "/clip/embed_text",
                    body: body,
                    fields: [("Content-Type", "application/json"), ("Content-Encoding", encoding)]
                )
            }
            let whole = Array(try #require(Data(base64Encoded: Self.gzip)))
            #expect(try await post(whole, "gzip").status == 200)
            #expect(try await post(whole, "X-GZIP").status == 200)
            #expect(
                try await post(Array(try #require(Data(base64Encoded: Self.zlib))), "deflate").status == 200
            )
            // Deflate without zlib's wrapping, as some clients have it.
            #expect(try await post(Array(whole[10..<(whole.count - 8)]), "deflate").status == 200)
            #expect(try await post(whole.dropLast(9), "gzip").status == 400)
            #expect(try await post(whole + [1], "gzip").status == 400)
            #expect(try await post(Array(#"{"text":"a"}"#.utf8), "gzip").status == 400)
            #expect(try await post([], "gzip").status == 400)
            #expect(try await post(Array(#"{"text":"a"}"#.utf8), "identity").status == 200)
            for word in ["utf-8", "aws-chunked", "utf-8, Identity", ""] {
                #expect(try await post(Array(#"{"text":"a"}"#.utf8), word).status == 200)
            }
            #expect(try await post(whole, "aws-chunked, gzip").status == 200)
            for word in ["br", "zstd", "utf-8, compress", "xz", "snappy;q=1"] {
                #expect(try await post(whole, word).status == 415)
            }
            #expect(try await post(whole, "gzip, gzip").status == 415)
            // A thousand times as much as it looks.
            #expect(try await post(Array(try #require(Data(base64Encoded: Self.bomb))), "gzip").status == 413)
            // Its room is given back once the request is over, which may be a moment after its answer.
            for _ in 0..<1000 where server.engine.budget.used > 0 {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(server.engine.budget.used == 0)
        }
    }
}
