import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("Deadlines", .timeLimit(.minutes(2)))
struct DeadlineTests {
    private static let texts = #"{"text":"a cat"}"#

    @Test("A request that is not done in the time that it names is dropped, and the connection goes on")
    func timeout() async throws {
        let upstream = try HeldUpstream()
        try await LiveServer.with(engine: { $0.waitsForHeldUpstreams() }) { server in
            try await server.connected { connection in
                for _ in 1...2 {
                    let start = ContinuousClock.now
                    try connection.send(
                        "POST",
                        "/clip/embed_image",
                        body: upstream.imageBody,
                        fields: [("Content-Type", "application/json"), ("X-Request-Timeout", "0.2")]
                    )
                    let answer = try connection.answer()
                    #expect(answer.status == 503)
                    #expect(answer.fields["retry-after"] == "1")
                    #expect((.milliseconds(200) ... .seconds(5)).contains(ContinuousClock.now - start))
                }
                try connection.send(
                    "POST",
                    "/clip/embed_text",
                    body: Array(Self.texts.utf8),
                    fields: [("Content-Type", "application/json"), ("X-Request-Timeout", "30")]
                )
                #expect(try connection.answer().status == 200)
            }
            try await eventually { server.engine.budget.used == 0 }
        }
    }

    @Test("The server's own limit holds for requests that name none, or more")
    func ownLimit() async throws {
        let upstream = try HeldUpstream()
        try await LiveServer.with {
            $0.requestTimeLimit = .milliseconds(200)
        } engine: {
            $0.waitsForHeldUpstreams()
        } _: { server in
            for fields in [[], [("X-Request-Timeout", "60")]] {
                let body = String(decoding: upstream.imageBody, as: UTF8.self)
                let answer = try await server.post("/clip/embed_image", body, fields: fields)
                #expect(answer.status == 503)
            }
        }
    }

    @Test(
        "A time that is none is refused",
        arguments: ["", "0", "-1", "1e3", "inf", "nan", "2 s", "0x10", "1,5"]
    )
    func malformed(_ value: String) async throws {
        try await LiveServer.with { server in
            let answer = try await server.post(
                "/clip/embed_text",
                Self.texts,
                fields: [("X-Request-Timeout", value)]
            )
            #expect(answer.status == 400)
        }
    }
}
