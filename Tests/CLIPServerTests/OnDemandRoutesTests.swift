import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

@Suite("Models that come when a request names them", .timeLimit(.minutes(2)))
struct OnDemandRoutesTests {
    /// What the provider does when it is asked.
    private final class Provision: Sendable {
        private let isHeld = Atomic(false)
        private let fault = Mutex<EmbeddingError?>(nil)
        let asked = Atomic(0)

        func hold(_ isHeld: Bool) { self.isHeld.store(isHeld, ordering: .releasing) }
        func fail(with fault: EmbeddingError?) { self.fault.withLock { $0 = fault } }

        /// Of two names of Roboflow's and one other, all of them the small model.
        func fill(_ configuration: inout EngineConfiguration) {
            let names = ["ViT-B-32", "RN50", "other"]
            configuration.allowedModels = .matching(["ViT-B-32", "RN50"])
            configuration.provider = ModelProvider(
                names: names,
                isRepository: {
                    $0.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9_.-]*\/[A-Za-z0-9_][A-Za-z0-9_.-]*/) != nil
                },
                offers: {
                    names.map {
                        ModelProvider.Offer(
                            name: $0,
                            origin: ModelOrigin(repository: "own/\($0)", revision: "abc", licence: "mit"),
                            byteCount: 12_345
                        )
                    }
                }
            ) { name, _ async throws(EmbeddingError) in
                self.asked.add(1, ordering: .relaxed)
                while self.isHeld.load(ordering: .acquiring), !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(5))
                }
                if let fault = self.fault.withLock({ $0 }) { throw fault }
                do {
                    return ModelSource(
                        name: name,
                        directory: try SmallModel.directory.get(),
                        origin: ModelOrigin(repository: "own/\(name)", revision: "abc", licence: "mit")
                    )
                } catch {
                    throw .failed("\(error)")
                }
            }
        }
    }

    private func body(_ model: String) -> String { #"{"clip_version_id":"\#(model)","text":"a cat"}"# }

    @Test("The first request for a name of Roboflow's loads it, and the header fields say so")
    func coldStart() async throws {
        let provision = Provision()
        try await LiveServer.with(engine: provision.fill) { server in
            func registry() async throws -> (models: [[String: Any]], available: [[String: Any]]) {
                let json = try await server.request("GET", "/model/registry").json
                return try (
                    #require(json["models"] as? [[String: Any]]),
                    #require(json["available"] as? [[String: Any]])
                )
            }
            let before = try await registry()
            #expect(before.models.count == 2 && before.available.count == 2)
            #expect(before.available[0]["model_id"] as? String == "clip/ViT-B-32")
            #expect(before.available[0]["state"] as? String == "known")
            #expect(before.available[0]["bytes_to_fetch"] as? Int == 12_345)

            let cold = try await server.post("/clip/embed_text", body("ViT-B-32"))
            #expect(cold.status == 200)
            #expect(cold.fields["x-model-id"] == "clip/ViT-B-32")
            #expect(cold.fields["x-model-cold-start"] == "true")
            #expect(cold.fields["x-model-cold-start-count"] == "1")
            let details = try #require(cold.fields["x-model-load-details"])
            #expect(details.hasPrefix(#"[{"m": "clip/ViT-B-32", "t": "#))
            let warm = try await server.post("/clip/embed_text", body("ViT-B-32"))
            #expect(warm.status == 200 && warm.fields["x-model-cold-start"] == "false")
            #expect(warm.fields["x-model-load-time"] == nil)

            let after = try await registry()
            #expect(after.models.count == 3 && after.available.count == 1)
            let found = after.models[2]
            #expect(found["model_id"] as? String == "clip/ViT-B-32")
            #expect(found["repository"] as? String == "own/ViT-B-32" && found["revision"] as? String == "abc")
            #expect(found["licence"] as? String == "mit" && found["source"] as? String == "repository")

            let added = try await server.post("/model/add", #"{"model_id":"clip/RN50"}"#)
            #expect(added.status == 200 && added.fields["x-model-cold-start"] == "true")
            _ = try await server.post("/model/remove", #"{"model_id":"clip/RN50"}"#)
            #expect(try await registry().models.count == 3)
        }
    }

    @Test(
        "Names that are not allowed are 404, those that cannot be are 400, by any route",
        arguments: [
            ("other", 404), ("ViT-L-14", 404), ("vit-b-32", 404), ("..", 404), ("../ViT-B-32", 400),
            ("own/ViT-B-32", 404), ("ViT-B-32/", 400), ("ViT-B-32@main", 400), ("비트", 400), ("", 400),
            (#"a\u0000b"#, 400), (String(repeating: "ViT-B-32", count: 50), 400),
        ]
    )
    func refused(name: String, status: Int) async throws {
        let provision = Provision()
        // Nobody would come back who asked for it.
        provision.hold(true)
        try await LiveServer.with(engine: provision.fill) { server in
            let answer = try await server.post("/clip/embed_text", body(name))
            #expect(answer.status == status && answer.fields["x-model-id"] == nil)
            let compared = try await server.post(
                "/clip/compare",
                #"{"clip_version_id":"\#(name)","subject":"a","subject_type":"text","prompt":"b"}"#
            )
            #expect(compared.status == status)
            let added = try await server.post("/model/add", #"{"model_id":"clip/\#(name)"}"#)
            #expect(added.status == status)
            #expect(server.engine.models.count == 2 && server.engine.catalogue.count == 4)
        }
    }

    @Test(
        "A model that is known here, or a repository, and is not allowed is 404 with how that is done",
        arguments: ["other", "own/other"]
    )
    func hint(name: String) async throws {
        let provision = Provision()
        try await LiveServer.with(engine: provision.fill) { server in
            let answer = try await server.post("/clip/embed_text", body(name))
            #expect(answer.status == 404 && answer.message?.contains("--allow-models") == true)
            let unknown = try await server.post("/clip/embed_text", body("ViT-B-33"))
            #expect(unknown.status == 404 && unknown.message?.contains("--allow-models") == false)
        }
    }

    @Test("A configured model answers by its repository's name, and says its own")
    func origin() async throws {
        let directory = try SmallModel.directory.get()
        let provision = Provision()
        try await LiveServer.with(engine: {
            provision.fill(&$0)
            $0.models = [
                ModelSource(name: "mini", directory: directory, origin: ModelOrigin(repository: "acme/mini"))
            ]
        }) { server in
            for name in ["mini", "acme/mini"] {
                let answer = try await server.post("/clip/embed_text", body(name))
                #expect(answer.status == 200 && answer.fields["x-model-id"] == "clip/mini")
            }
            let other = try await server.post("/clip/embed_text", body("acme/other"))
            #expect(other.status == 404)
        }
    }

    @Test(
        "What waiting does not mend has a sentence of its own and no time to come back, also while it is not tried again",
        arguments: [
            (FetchFault.notFound, 404, "Requested Roboflow resource not found."), (.closed, 403, "gated"),
            (.unusable, 500, "no files that can be used"), (.offline, 404, "fetching is switched off"),
            (.notKept, 500, "cannot keep"),
        ] as [(FetchFault, Int, String)]
    )
    func lasting(fault: FetchFault, status: Int, words: String) async throws {
        let provision = Provision()
        provision.fail(with: .modelNotFetched(name: "RN50", cause: "Why, at /secret. Mend it.", fault))
        try await LiveServer.with(engine: provision.fill) { server in
            for _ in 0..<2 {
                let answer = try await server.post("/clip/embed_text", body("RN50"))
                #expect(answer.status == status && answer.fields["retry-after"] == nil, "\(answer.text)")
                #expect(answer.message?.contains(words) == true && !answer.text.contains("secret"))
            }
            #expect(provision.asked.load(ordering: .relaxed) == 1)
        }
    }

    @Test("A checkpoint that cannot be loaded is told by its name, and why is the log's")
    func broken() async throws {
        let provision = Provision()
        provision.fail(with: .modelUnavailable(name: "RN50", cause: "/secret/config.json lies. Mend it."))
        let log = LogLines()
        try await LiveServer.with(engine: provision.fill, log: log) { server in
            let answer = try await server.post("/clip/embed_text", body("RN50"))
            #expect(answer.status == 500 && answer.fields["retry-after"] == nil)
            #expect(answer.message?.hasPrefix("The model 'RN50' cannot be loaded") == true)
            #expect(!answer.text.contains("secret"))
            #expect(log.all.contains { $0.whole.contains("/secret/config.json") })
        }
    }

    @Test(
        "Only who is known to run the server has a load tried again at once that has failed",
        arguments: [true, false]
    )
    func triesAnew(isOpen: Bool) async throws {
        let provision = Provision()
        provision.fail(with: .modelNotFetched(name: "RN50", cause: "The host is gone. Wait."))
        try await LiveServer.with(
            configure: { $0.allowsManagement = isOpen },
            engine: provision.fill
        ) { server in
            for _ in 0..<3 {
                let answer = try await server.post("/model/add", #"{"model_id":"clip/RN50"}"#)
                #expect(answer.status == 503)
            }
            #expect(provision.asked.load(ordering: .relaxed) == (isOpen ? 1 : 3))
        }
    }

    @Test("A model that cannot be fetched is 503 with the time of the next try, and its cause is the log's")
    func notFetched() async throws {
        let provision = Provision()
        provision.fail(with: .modelNotFetched(name: "RN50", cause: "/secret/path is full. Make room."))
        let log = LogLines()
        try await LiveServer.with(engine: provision.fill, log: log) { server in
            for number in 0..<3 {
                let answer = try await server.post("/clip/embed_text", body("RN50"))
                #expect(answer.status == 503)
                let seconds = try #require(answer.fields["retry-after"].flatMap(Int.init))
                #expect((1...10).contains(seconds), "\(number)")
                #expect(!answer.text.contains("secret") && answer.message?.contains("log") == true)
                #expect(answer.fields["x-model-cold-start"] == "false")
            }
            #expect(log.all.contains { $0.whole.contains("/secret/path") })
            provision.fail(with: nil)
            #expect(try await server.post("/model/add", #"{"model_id":"clip/RN50"}"#).status == 200)
            #expect(try await server.post("/clip/embed_text", body("RN50")).status == 200)
            #expect(try await server.request("GET", "/readiness").status == 200)
        }
    }

    @Test("Who waits too long is told to come again, others are served meanwhile, and the retry is answered")
    func boundedWait() async throws {
        let provision = Provision()
        provision.hold(true)
        try await LiveServer.with(engine: {
            provision.fill(&$0)
            $0.loadTimeLimit = .milliseconds(100)
        }) { server in
            let early = try await server.post("/clip/embed_text", body("ViT-B-32"))
            #expect(early.status == 503 && early.fields["retry-after"] == "5")
            #expect(early.fields["x-model-id"] == "clip/ViT-B-32")
            #expect(early.message?.contains("--load-seconds") == true)
            #expect(try await server.post("/clip/embed_text", #"{"text":"a"}"#).status == 200)
            #expect(try await server.request("GET", "/readiness").status == 200)
            provision.hold(false)
            try await eventually { server.engine.models.count == 3 }
            #expect(try await server.post("/clip/embed_text", body("ViT-B-32")).status == 200)
        }
    }

    @Test(
        "A request in hand keeps a model that has to leave, and the one that came for its room waits for that"
    )
    func inFlight() async throws {
        let provision = Provision()
        let upstream = try HeldUpstream()
        let (size, image) = (try await Self.byteCount(), try Fixture.bytes("imaging/png-rgb.png"))
        try await LiveServer.with(engine: {
            provision.fill(&$0)
            $0.waitsForHeldUpstreams()
            $0.modelMemory = 2 * size
        }) { server in
            let url = "http://127.0.0.1:\(upstream.port)/a.png"
            let first = Task {
                try await server.post(
                    "/clip/embed_image",
                    #"{"clip_version_id":"second","image":{"type":"url","value":"\#(url)"}}"#
                )
            }
            try await upstream.accepted()
            let second = Task { try await server.post("/clip/embed_text", body("ViT-B-32")) }
            try await eventually { server.engine.models.map(\.name) == ["tiny"] }
            #expect(server.engine.modelMemory.used == 2 * size && server.engine.requestsWaitingForModels == 1)
            #expect(try await server.post("/clip/embed_text", #"{"text":"a"}"#).status == 200)
            upstream.release(image)
            #expect(try await first.value.status == 200)
            let answer = try await second.value
            #expect(answer.status == 200 && answer.fields["x-model-cold-start"] == "true")
            #expect(server.engine.models.map(\.name) == ["tiny", "ViT-B-32"])
        }
    }

    @Test("What never fits is refused with the setting's name")
    func neverFits() async throws {
        let provision = Provision()
        let size = try await Self.byteCount()
        try await LiveServer.with(engine: {
            provision.fill(&$0)
            $0.models.removeLast()
            $0.modelMemory = 2 * size - 1
        }) { server in
            let answer = try await server.post("/clip/embed_text", body("ViT-B-32"))
            #expect(answer.status == 507 && answer.message?.contains("--model-memory") == true)
            #expect(try await server.post("/clip/embed_text", #"{"text":"a"}"#).status == 200)
        }
    }

    /// The bytes that the small model counts for.
    private static func byteCount() async throws -> Int {
        try await LiveServer.with { server in server.engine.models[0].byteCount }
    }
}
