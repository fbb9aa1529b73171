import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("Load and shutdown", .timeLimit(.minutes(3)))
struct LoadTests {
    private static let json = [("Content-Type", "application/json")]

    @Test("Sixty-four requests at once each get their own answer")
    func parallel() async throws {
        let withoutCaches: (inout EngineConfiguration) -> Void = {
            ($0.textCacheBytes, $0.imageCacheBytes) = (0, 0)
        }
        try await LiveServer.with(engine: withoutCaches) { server in
            let image = try SmallModel.image()
            try await withThrowingTaskGroup(of: (Int, [Double]).self) { group in
                for index in 0..<64 {
                    group.addTask {
                        let text = "\"text \(index % 8)\""
                        let answer =
                            switch index % 3 {
                            case 0: try await server.post("/clip/embed_text", #"{"text":\#(text)}"#)
                            case 1:
                                try await server.post(
                                    "/clip/embed_image",
                                    #"{"image":{"type":"base64","value":"\#(image)"}}"#
                                )
                            default:
                                try await server.post(
                                    "/clip/compare",
                                    #"{"subject":"a","subject_type":"text","prompt":[\#(text)]}"#
                                )
                            }
                        #expect(answer.status == 200)
                        let embedding = (answer.json["embeddings"] as? [[Double]])?.first
                        return (index, embedding ?? answer.json["similarity"] as? [Double] ?? [])
                    }
                }
                var answers: [String: [Double]] = [:]
                for try await (index, values) in group {
                    let key = index % 3 == 1 ? "image" : "\(index % 3) \(index % 8)"
                    let first = answers[key] ?? values
                    #expect(!values.isEmpty && zip(first, values).allSatisfy { abs($0 - $1) < 1e-4 })
                    answers[key] = first
                }
                #expect(answers.count == 17)
            }
        }
    }

    @Test("A server that has its hands full says when to come back")
    func overload() async throws {
        try await LiveServer.with(
            engine: {
                $0.maxPendingItems = 1
                $0.textCacheBytes = 0
            },
            { server in
                let body = #"{"text":[\#((0..<60).map { "\"a caption \($0)\"" }.joined(separator: ","))]}"#
                var statuses: [Int: Int] = [:]
                for _ in 0..<50 where statuses[429] == nil {
                    let answers = try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
                        for _ in 0..<8 { group.addTask { try await server.post("/clip/embed_text", body) } }
                        return try await group.reduce(into: [HTTPAnswer]()) { $0.append($1) }
                    }
                    for answer in answers {
                        statuses[answer.status, default: 0] += 1
                        guard answer.status == 429 else { continue }
                        #expect(answer.fields["retry-after"].flatMap(Int.init) ?? 0 >= 1)
                    }
                }
                #expect(Set(statuses.keys) == [200, 429])
            }
        )
    }

    @Test("A request in hand is finished when the server is told to stop, and nobody new is let in")
    func drain() async throws {
        let upstream = try HeldUpstream()
        try await LiveServer.with(
            engine: { $0.waitsForHeldUpstreams() },
            { server in
                async let held = server.request(
                    "POST",
                    "/clip/embed_image",
                    body: upstream.imageBody,
                    fields: Self.json
                )
                try await upstream.accepted()
                let port = server.port
                let idle = try await Loopback.onThread { SendableBox(try HTTPConnection(port: port)) }
                await server.beginShutdown()
                // The idle connection ends once the shutdown has begun, which is when the door is shut as well.
                #expect(try await Loopback.onThread { try idle.take()?.isEnded() } == true)
                // Those who had asked when the door was shut are still answered.
                try await eventually { (try? await server.request("GET", "/healthz")) == nil }
                upstream.release(try Fixture.bytes("imaging/jpeg-baseline-420.jpg"))
                let answer = try await held
                #expect(answer.status == 200)
                #expect((answer.json["embeddings"] as? [[Double]])?.count == 1)
            }
        )
    }

    @Test("An answer that is on its way when the server is told to stop arrives whole")
    func drainsLargeAnswers() async throws {
        try await LiveServer.with(engine: { $0.maxTexts = 60_000 }) { server in
            // Some 9 MB, of which the sockets of both sides hold less than half.
            let count = 60_000
            let port = server.port
            let reader = try await Loopback.onThread {
                let connection = try HTTPConnection.reading(count, port: port, receiveBuffer: 1 << 16)
                return SendableBox(connection)
            }
            let idle = try await Loopback.onThread { SendableBox(try HTTPConnection(port: port)) }
            await server.beginShutdown()
            // Once the idle connection has ended, the other one has been told to close as well.
            #expect(try await Loopback.onThread { try idle.take()?.isEnded() } == true)
            let answer = try #require(await Loopback.onThread { try reader.take()?.answer() })
            #expect(answer.status == 200)
            #expect((answer.json["embeddings"] as? [[Double]])?.count == count)
        }
    }

    @Test("While it drains, a server says that it is not ready")
    func notReadyWhileDraining() async throws {
        try await LiveServer.with { server in
            let routes = RouteContext(
                engine: server.engine,
                identity: ServerIdentity(version: "1"),
                isAccepting: { false }
            )
            let answer = await routes.answer(of: Operations.readiness, to: RouteInput())
            #expect(answer.status == 503)
            #expect(String(decoding: answer.body, as: UTF8.self) == #"{"status":"not ready"}"#)
        }
    }

    @Test("A configuration that cannot be is refused before anything is bound")
    func configuration() async throws {
        let failure = await #expect(throws: ServerConfigurationError.self) {
            _ = try await LiveServer.with {
                $0.port = -1
            } _: { _ in
                0
            }
        }
        #expect(failure?.problems == ["--port must be from 0 to 65535, not -1."])
    }

    @Test("A port that is taken ends the run with an error")
    func portTaken() async throws {
        try await LiveServer.with { server in
            _ = await #expect(throws: (any Error).self) {
                _ = try await LiveServer.with {
                    $0.port = server.port
                } _: { _ in
                    0
                }
            }
        }
    }
}
