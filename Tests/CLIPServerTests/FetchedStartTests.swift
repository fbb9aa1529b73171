import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

@Suite("A server whose model is still being fetched", .timeLimit(.minutes(2)))
struct FetchedStartTests {
    /// A hub that sends nothing until it is told to.
    private final class SlowHub: Sendable {
        private let isHeld = Atomic(true)
        let asked = Atomic(0)

        func release() { isHeld.store(false, ordering: .releasing) }

        /// The one model, `ViT-B-32`, has to be fetched.
        func fill(_ configuration: inout EngineConfiguration) {
            configuration.models = [
                ModelSource(name: "ViT-B-32", directory: "", origin: ModelOrigin(repository: "own/b32"))
            ]
            configuration.provider = ModelProvider(names: [], offers: { [] }) {
                name,
                _ async throws(EmbeddingError) in
                self.asked.add(1, ordering: .relaxed)
                while self.isHeld.load(ordering: .acquiring), !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(5))
                }
                guard !Task.isCancelled else { throw .cancelled }
                do {
                    return ModelSource(name: name, directory: try SmallModel.directory.get())
                } catch {
                    throw .failed("\(error)")
                }
            }
        }
    }

    private static let body = #"{"clip_version_id":"ViT-B-32","text":"a cat"}"#

    @Test("It is alive and not ready, has requests wait or come back, and is ready when the model is there")
    func meanwhile() async throws {
        let hub = SlowHub()
        try await LiveServer.with(engine: hub.fill, starting: false) { server in
            let start = Task { try await server.engine.start() }
            #expect(try await server.request("GET", "/healthz").status == 200)
            let readiness = try await server.request("GET", "/readiness")
            #expect(readiness.status == 503 && readiness.text == #"{"status":"not ready"}"#)
            let late = try await server.post(
                "/clip/embed_text",
                Self.body,
                fields: [("X-Request-Timeout", "0.3")]
            )
            #expect(late.status == 503 && late.fields["retry-after"] != nil, "\(late.text)")
            let registry = try await server.request("GET", "/model/registry").json
            let available = try #require(registry["available"] as? [[String: Any]])
            #expect(available.map { $0["model_id"] as? String } == ["clip/ViT-B-32"])
            #expect(available.map { $0["state"] as? String } == ["loading"])
            #expect(available.map { $0["source"] as? String } == ["repository"])
            let waiting = (0..<3).map { _ in
                Task { try await server.post("/clip/embed_text", Self.body).status }
            }
            try await eventually { server.engine.requestsWaitingForModels == 3 }
            hub.release()
            for request in waiting { #expect(try await request.value == 200) }
            try await start.value
            #expect(try await server.request("GET", "/readiness").status == 200)
            #expect(hub.asked.load(ordering: .relaxed) == 1)
        }
    }

    @Test("It is not ready while its default model cannot be had any more, and is once that has come again")
    func defaultGone() async throws {
        let isGone = Atomic(false)
        let time = Mutex(ContinuousClock.now)
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent(
            "swift-clip-cleared-\(UUID().uuidString)"
        )
        defer { try? FileManager.default.removeItem(at: copy) }
        let original = URL(fileURLWithPath: try SmallModel.directory.get())
        try FileManager.default.copyItem(at: original, to: copy)
        let origin = ModelOrigin(repository: "own/b32", revision: "abc")
        try await LiveServer.with(engine: { configuration in
            configuration.now = { time.withLock { $0 } }
            configuration.models = [ModelSource(name: "ViT-B-32", directory: copy.path, origin: origin)]
            configuration.provider = ModelProvider(names: [], offers: { [] }) {
                name,
                _ async throws(EmbeddingError) in
                guard !isGone.load(ordering: .acquiring) else {
                    throw .modelNotFetched(name: name, cause: "It is gone. Pull it.", .offline)
                }
                return ModelSource(name: name, directory: original.path, origin: origin)
            }
        }) { server in
            try server.engine.unload(model: "ViT-B-32")
            #expect(try await server.request("GET", "/readiness").status == 200)
            try FileManager.default.removeItem(at: copy)
            isGone.store(true, ordering: .releasing)
            for _ in 0..<2 {
                #expect(try await server.post("/clip/embed_text", Self.body).status == 404)
                #expect(try await server.request("GET", "/readiness").status == 503)
            }
            #expect(try await server.request("GET", "/healthz").status == 200)
            isGone.store(false, ordering: .releasing)
            time.withLock { $0 += .seconds(10) }
            server.engine.bringBackDefaultModel()
            try await eventually { server.engine.isReady }
            #expect(try await server.request("GET", "/readiness").status == 200)
            #expect(try await server.post("/clip/embed_text", Self.body).status == 200)
        }
    }

    @Test(
        "It stops at once when it is told to, whatever the time in which others are to be told, and who waits hears so"
    )
    func stopping() async throws {
        let hub = SlowHub()
        let (status, seconds) = try await LiveServer.with(
            configure: { ($0.shutdownDelay, $0.drainTimeLimit) = (.seconds(60), .seconds(60)) },
            engine: hub.fill,
            starting: false
        ) { server in
            let start = Task { try await server.engine.start() }
            let waiting = Task { try await server.post("/clip/embed_text", Self.body) }
            try await eventually { server.engine.requestsWaitingForModels == 1 }
            try await eventually { hub.asked.load(ordering: .relaxed) == 1 }
            let begin = ContinuousClock.now
            await server.beginShutdown()
            await #expect(throws: EmbeddingError.shuttingDown) { try await start.value }
            return (try await waiting.value.status, (ContinuousClock.now - begin) / .seconds(1))
        }
        #expect(status == 503)
        #expect(seconds < 10)
    }
}
