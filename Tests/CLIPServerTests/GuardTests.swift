import CLIPEngine
import CLIPServer
import Foundation
import Testing

@Suite("Keys, and who may change the server", .timeLimit(.minutes(2)))
struct GuardTests {
    private static let key = "a-key-for-tests"
    private static let other = "another-key-for-tests"
    private static let wrong = "a-key-for-test!"
    private static let bearer = ("Authorization", "bearer \(key)")

    @Test("A key lets in from the query, the Authorization field and the body")
    func places() async throws {
        try await LiveServer.with {
            $0.apiKeys = [Self.key, Self.other]
        } _: { server in
            let text = #"{"text":"a"}"#
            let inQuery = try await server.post("/clip/embed_text?api_key=\(Self.other)", text)
            #expect(inQuery.status == 200)
            #expect(try await server.post("/clip/embed_text", text, fields: [Self.bearer]).status == 200)
            let inBody = #"{"text":"a","api_key":"\#(Self.key)"}"#
            #expect(try await server.post("/clip/embed_text", inBody).status == 200)
            #expect(try await server.request("GET", "/info", fields: [Self.bearer]).status == 200)
        }
    }

    @Test("Without a right key nothing is told but that")
    func refusals() async throws {
        try await LiveServer.with {
            $0.apiKeys = [Self.key, Self.other]
        } _: { server in
            let inBody = #"{"text":"a","api_key":"\#(Self.key)"}"#
            let refused = [
                try await server.post("/clip/embed_text", #"{"text":"a"}"#),
                try await server.post("/clip/embed_text", #"{"text":"a","api_key":"\#(Self.wrong)"}"#),
                try await server.post("/clip/embed_text", #"{"text":"a","api_key":null}"#),
                try await server.post("/clip/embed_text", #"{"text":"#),
                try await server.post("/clip/embed_text", ""),
                // The first place that has one decides, as with the real server.
                try await server.post(
                    "/clip/embed_text?api_key=\(Self.wrong)",
                    inBody,
                    fields: [Self.bearer]
                ),
                try await server.post("/clip/embed_text", inBody, fields: [("Authorization", "Bearer x")]),
                try await server.request("GET", "/info"),
                try await server.request("GET", "/model/registry?api_key=\(Self.key)x"),
            ]
            for answer in refused {
                #expect(answer.status == 401)
                #expect(answer.text == #"{"status":401,"message":"Unauthorized api_key"}"#)
                #expect(answer.fields["www-authenticate"] == "Bearer")
            }
        }
    }

    @Test("Health, the front page and preflights need no key")
    func open() async throws {
        try await LiveServer.with {
            $0.apiKeys = [Self.key, Self.other]
        } _: { server in
            for path in ["/healthz", "/readiness", "/"] {
                let answer = try await server.request("GET", path)
                #expect(answer.status == 200)
            }
            let preflight = [("Origin", "https://a.example"), ("Access-Control-Request-Method", "POST")]
            #expect(try await server.request("OPTIONS", "/info", fields: preflight).status == 200)
        }
    }

    @Test("A wrong key is refused before the body is read")
    func unread() async throws {
        try await LiveServer.with {
            $0.apiKeys = [Self.key, Self.other]
        } _: { server in
            try await server.connected { connection in
                try connection.send(
                    "POST /clip/embed_text?api_key=x HTTP/1.1\r\nHost: a\r\nContent-Length: 60000000\r\n\r\n"
                )
                #expect(try connection.answer().status == 401)
                #expect(try connection.isEnded())
            }
        }
    }

    @Test("Pages cannot change the server by another name for it, a star for an origin, or a picture")
    func pages() async throws {
        try await LiveServer.with { server in
            for host in ["evil.example", "127.0.0.1.evil.example:9001", "localhost.evil.example", "127.1"] {
                let answer = try await server.connected { connection in
                    try connection.send("POST /model/clear HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                    return try connection.answer()
                }
                #expect(answer.status == 403, "\(host)")
            }
            for fields in [("Origin", "*"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")] {
                #expect(try await server.request("GET", "/clear_cache", fields: [fields]).status == 403)
            }
            #expect(server.engine.models.count == 2)
            for host in ["localhost:9001", "[::1]:9001", "127.0.0.2", "LOCALHOST."] {
                let answer = try await server.connected { connection in
                    try connection.send("GET /clear_cache HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                    return try connection.answer()
                }
                #expect(answer.status == 200, "\(host)")
            }
        }
    }

    @Test("Beyond this machine the server is changed with a key of its own, or where that is allowed")
    func management() async throws {
        for (allows, keys, status) in [(false, [], 403), (true, [], 200), (false, [Self.other], 401)] {
            try await LiveServer.with {
                $0.host = "0.0.0.0"
                $0.allowsManagement = allows
                $0.managementKeys = keys
            } _: { server in
                let cleared = try await server.request("GET", "/clear_cache")
                #expect(cleared.status == status)
                #expect(try await server.request("POST", "/model/clear").status == status)
                guard let key = keys.first else { return }
                let field = ("Authorization", "Bearer \(key)")
                #expect(try await server.request("POST", "/model/clear", fields: [field]).status == 200)
                #expect(try await server.request("POST", "/model/clear?api_key=\(key)").status == 200)
            }
        }
    }

    @Test("Keys are compared whole")
    func comparison() {
        let keys = APIKeys([Self.key, Self.other])
        #expect(keys.contains(Self.key.utf8) && keys.contains(Self.other.utf8))
        for word in [Self.wrong, "", Self.key + "x", String(Self.key.dropLast()), Self.key + "\0"] {
            #expect(!keys.contains(word.utf8))
        }
        #expect(!APIKeys([]).contains("".utf8))
    }

    @Test("Keys that could not be sent, or be guessed, are refused at start")
    func configuration() {
        for key in ["short", "with a blank in it", "schlüssel-eins", ""] {
            var configuration = ServerConfiguration()
            configuration.apiKeys = [key]
            #expect(configuration.validate().count == 1)
        }
    }
}
