import CLIPServer
import Foundation
import Testing

@Suite("Header fields")
struct HeaderTests {
    private static let exposed =
        "X-Processing-Time, X-Remote-Processing-Time, X-Remote-Processing-Times, X-Model-Cold-Start, X-Model-Cold-Start-Count, X-Model-Load-Time, X-Model-Load-Details, X-Model-Id, X-Workflow-Id, X-Workspace-Id, X-Trace-Id, execution_id, traceparent, tracestate"

    @Test("Every answer says who it is from and where the time went")
    func always() async throws {
        try await LiveServer.with { server in
            let answer = try await server.post("/clip/embed_text", #"{"text":"a"}"#)
            #expect(answer.fields["server"] == "swift-clip")
            #expect(answer.fields["x-inference-engine"] == "swift-clip")
            #expect(answer.fields["x-model-id"] == "clip/tiny")
            #expect(answer.fields["x-model-cold-start"] == "false")
            #expect(answer.fields["x-model-cold-start-count"] == "0")
            #expect(answer.fields["vary"] == "Origin")
            #expect(answer.fields["date"] != nil)
            #expect(answer.fields["x-request-id"]?.count == 32)
            #expect(answer.fields["access-control-allow-origin"] == nil)
            let stages = answer.fields["server-timing"]?.split(separator: ",") ?? []
            let names = stages.map { $0.split(separator: ";")[0].drop { $0 == " " } }
            #expect(names == ["fetch", "decode", "tokenize", "queue", "forward", "rank", "total"])
            #expect(stages.allSatisfy { $0.split(separator: "=").last.flatMap { Double($0) } ?? -1 >= 0 })
            let error = try await server.request("GET", "/nothing", fields: [("X-Request-ID", "my-id")])
            #expect(error.fields["x-request-id"] == "my-id")
            #expect(error.fields["vary"] == "Origin")
            #expect(error.fields["server-timing"]?.hasPrefix("total;dur=") == true)
        }
    }

    @Test("Pages of any origin may read answers, errors too")
    func origins() async throws {
        try await LiveServer.with { server in
            for path in ["/info", "/nothing"] {
                let answer = try await server.request(
                    "GET",
                    path,
                    fields: [("Origin", "https://example.com")]
                )
                #expect(answer.fields["access-control-allow-origin"] == "https://example.com")
                #expect(answer.fields["access-control-allow-credentials"] == "true")
                #expect(answer.fields["access-control-expose-headers"] == Self.exposed)
            }
        }
    }

    @Test("A preflight request is answered for every path")
    func preflight() async throws {
        try await LiveServer.with { server in
            let fields = [
                ("Origin", "http://localhost:3000"), ("Access-Control-Request-Method", "POST"),
                ("Access-Control-Request-Headers", "content-type, authorization"),
            ]
            for path in ["/clip/embed_text", "/nothing"] {
                let answer = try await server.request("OPTIONS", path, fields: fields)
                #expect(answer.status == 200)
                #expect(answer.text == "OK")
                #expect(answer.fields["content-type"]?.hasPrefix("text/plain") == true)
                #expect(answer.fields["access-control-allow-origin"] == "http://localhost:3000")
                #expect(
                    answer.fields["access-control-allow-methods"]
                        == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"
                )
                #expect(answer.fields["access-control-allow-headers"] == "content-type, authorization")
                #expect(answer.fields["access-control-max-age"] == "600")
                #expect(
                    answer.fields["vary"]
                        == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network"
                )
                #expect(answer.fields["x-model-cold-start"] == "false")
                #expect(answer.fields["x-model-cold-start-count"] == "0")
                #expect(answer.fields["x-inference-engine"] == "swift-clip")
            }
            // Without these fields it is a method like any other.
            #expect(try await server.request("OPTIONS", "/clip/embed_text").status == 405)
        }
    }

    @Test("Only the origins of a list may read answers, where there is one")
    func originList() async throws {
        try await LiveServer.with {
            $0.allowedOrigins = ["https://a.example"]
        } _: { server in
            let method = ("Access-Control-Request-Method", "POST")
            let good = try await server.request("GET", "/info", fields: [("Origin", "https://a.example")])
            #expect(good.fields["access-control-allow-origin"] == "https://a.example")
            let bad = try await server.request("GET", "/info", fields: [("Origin", "https://b.example")])
            #expect(bad.status == 200)
            #expect(bad.fields["access-control-allow-origin"] == nil)
            let preflight = try await server.request(
                "OPTIONS",
                "/info",
                fields: [("Origin", "https://b.example"), method]
            )
            #expect(preflight.status == 400)
            #expect(preflight.text == "Disallowed CORS origin")
        }
    }
}
