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

    @Test(
        "What came through a proxy on this machine changes nothing without a key",
        arguments: [
            "X-Forwarded-For: 203.0.113.9", "x-forwarded-proto: https", "Forwarded: for=203.0.113.9",
            "X-Real-IP: 203.0.113.9", "Via: 1.1 proxy", "X-Forwarded-For:",
        ]
    )
    func proxies(field: String) async throws {
        func expect(
            _ status: Int,
            _ fields: String,
            version: String = "1.1",
            _ server: LiveServer
        ) async throws {
            let found = try await server.connected { connection in
                try connection.send(
                    "POST /model/clear HTTP/\(version)\r\nHost: 127.0.0.1:9001\r\n\(fields)\r\n"
                )
                return try connection.answer().status
            }
            #expect(found == status, "\(fields)")
        }
        try await LiveServer.with { server in
            try await expect(403, "\(field)\r\n", server)
            // As nginx asks by default.
            try await expect(403, "Connection: close\r\n", version: "1.0", server)
            #expect(server.engine.models.count == 2)
            try await expect(200, "", server)
        }
        try await LiveServer.with {
            $0.managementKeys = [Self.key]
        } _: { server in
            let both = "\(field)\r\nAuthorization: Bearer \(Self.key)\r\n"
            try await expect(200, both, server)
        }
        try await LiveServer.with {
            $0.allowsManagement = true
        } _: { server in
            try await expect(200, "\(field)\r\n", server)
        }
    }

    @Test(
        "A server is this machine's alone by the addresses that its host leads to, not by its name",
        arguments: [
            ("127.0.0.1", true), ("127.8.9.10", true), ("::1", true), ("::ffff:127.0.0.1", true),
            ("localhost", true), ("0.0.0.0", false), ("::", false), ("192.0.2.1", false),
            ("::ffff:192.0.2.1", false), ("no-such-name.localhost.invalid", false), ("", false),
        ]
    )
    func loopback(host: String, isLocal: Bool) {
        #expect(LoopbackAddress.isMeant(by: host) == isLocal)
    }

    @Test("HEAD changes nothing")
    func head() async throws {
        try await LiveServer.with { server in
            _ = try await server.post("/clip/embed_text", #"{"text":"a"}"#)
            let answer = try await server.request("HEAD", "/clear_cache")
            #expect(answer.status == 405 && answer.fields["allow"] == "GET")
            #expect(try await server.request("GET", "/info").text.contains(#""entries":1"#))
            #expect(try await server.request("GET", "/clear_cache").status == 200)
            let emptied = try await server.request("GET", "/info").text
            #expect(!emptied.contains(#""entries":1"#))
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
        var configuration = ServerConfiguration()
        configuration.managementKeys = [Self.key]
        #expect(configuration.validate().isEmpty)
        // Whoever allows everybody and names a key means only one of these.
        configuration.allowsManagement = true
        #expect(configuration.validate().first?.contains("--management-key-file") == true)
    }
}
