import CLIPEngine
import CLIPHub
import CLIPTestSupport
import Foundation
import Testing
import clip

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("clip serve with a model that is not in the cache", .timeLimit(.minutes(2)))
struct ServeFetchTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("clip-serve-fetch-\(UUID().uuidString)")

    private func environment(_ hub: ScriptedServer) -> [String: String] {
        ["HF_ENDPOINT": "http://127.0.0.1:\(hub.port)", "HF_HUB_CACHE": folder.path, "HOME": folder.path]
    }

    private func status(of path: String, port: Int) async throws -> Int {
        let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
        let (_, answer) = try await URLSession.shared.data(from: url)
        return try #require(answer as? HTTPURLResponse).statusCode
    }

    @Test(
        "It listens while the hub keeps it waiting, is healthy and not ready, and ends at once when it is told to"
    )
    func waiting() async throws {
        let hub = try ScriptedServer { connection in
            if connection.readRequest() != nil { connection.waitForClose() }
        }
        defer {
            hub.stop()
            try? FileManager.default.removeItem(at: folder)
        }
        let (running, port) = try await Command.serving(
            ["--model", "acme/plain", "--shutdown-delay", "60"],
            environment: environment(hub)
        )
        try await eventually { hub.connectionCount > 0 }
        #expect(try await status(of: "/healthz", port: port) == 200)
        #expect(try await status(of: "/readiness", port: port) == 503)
        let begin = ContinuousClock.now
        running.process.terminate()
        let outcome = await running.outcome()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(ContinuousClock.now - begin < .seconds(5))
    }

    @Test("A fetch that fails ends it with what is wrong and the status that clip pull has for it")
    func failing() async throws {
        let hub = try ScriptedServer.answering { _ in
            answer("404 Not Found", "X-Error-Code: RepoNotFound", "X-Error-Message: Repository not found")
        }
        defer {
            hub.stop()
            try? FileManager.default.removeItem(at: folder)
        }
        let outcome = try await Command.run(
            "serve",
            "--model",
            "acme/none",
            environment: environment(hub).merging(["PORT": "0", "HOST": "127.0.0.1"]) { $1 }
        )
        #expect(outcome.status == 66, "\(outcome.errors)")
        #expect(outcome.errors.contains("Error: The model none cannot be had."), "\(outcome.errors)")
        #expect(!outcome.errors.contains("could not be fetched"), "It is told once.")
    }

    /// What a request for a model comes to.
    private func ask(
        for model: String,
        port: Int
    ) async throws -> (status: Int, retryAfter: Int?, text: String) {
        var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)/clip/embed_text")))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = Data(#"{"clip_version_id":"\#(model)","text":"a"}"#.utf8)
        let (data, answer) = try await URLSession.shared.data(for: request)
        let response = try #require(answer as? HTTPURLResponse)
        let seconds = response.value(forHTTPHeaderField: "Retry-After").flatMap { Int($0) }
        return (response.statusCode, seconds, String(decoding: data, as: UTF8.self))
    }

    @Test("A hub that wants to be left alone is told of at once with its own time, and what it lacks is 404")
    func onDemand() async throws {
        let hub = try ScriptedServer.answering { request in
            if request.contains("/busy") { return CLIPTestSupport.answer("429 Many", "Retry-After: 250") }
            if request.contains("/closed") {
                return CLIPTestSupport.answer("403 No", "X-Error-Code: GatedRepo", "X-Error-Message: Gated")
            }
            return CLIPTestSupport.answer("404 Not Found", "X-Error-Code: RepoNotFound")
        }
        defer {
            hub.stop()
            try? FileManager.default.removeItem(at: folder)
        }
        let (running, port) = try await Command.serving(
            ["--allow-models", "acme/*"],
            environment: environment(hub)
        )
        try await eventually { try await self.status(of: "/readiness", port: port) == 200 }
        let begin = ContinuousClock.now
        for number in 1...6 {
            let busy = try await ask(for: "acme/busy-\(number)", port: port)
            #expect(busy.status == 503 && busy.retryAfter == 250, "\(busy)")
        }
        #expect(ContinuousClock.now - begin < .seconds(60))
        let again = try await ask(for: "acme/busy-1", port: port)
        #expect(again.status == 503 && (100...250).contains(again.retryAfter ?? 0), "\(again)")
        let missing = try await ask(for: "acme/missing", port: port)
        #expect(missing.status == 404 && missing.retryAfter == nil, "\(missing)")
        let closed = try await ask(for: "acme/closed", port: port)
        #expect(
            closed.status == 403 && closed.retryAfter == nil && closed.text.contains("HF_TOKEN"),
            "\(closed)"
        )
        // What can be no repository is not even looked for.
        let connections = hub.connectionCount
        for name in [
            "acme/x.git", "acme/a--b", "acme/x.", "acme/-x", "acme/" + String(repeating: "x", count: 92),
        ] {
            let refused = try await ask(for: name, port: port)
            #expect(refused.status == 400 && refused.text.contains("Invalid Model ID"), "\(name): \(refused)")
        }
        #expect(hub.connectionCount == connections)
        let other = try await ask(for: "other/model", port: port)
        #expect(other.status == 404 && other.text.contains("--allow-models"), "\(other)")
        running.process.terminate()
        let outcome = await running.outcome()
        #expect(outcome.status == 0 && outcome.errors.contains("acme/missing"), "\(outcome.errors)")
        #expect(!outcome.errors.contains("acme/x.git"))
    }

    @Test(
        "A known name is known in OpenAI's own spelling, and a renamed repository is not taken for a closed one"
    )
    func names() async throws {
        let hub = try ScriptedServer.answering { request in
            if request.contains("/acme/old") {
                return CLIPTestSupport.answer(
                    "200 OK",
                    "Content-Type: application/json",
                    body:
                        #"{"id":"other/new","sha":"0123456789012345678901234567890123456789","siblings":[]}"#
                )
            }
            return CLIPTestSupport.answer("404 Not Found", "X-Error-Code: RepoNotFound")
        }
        defer {
            hub.stop()
            try? FileManager.default.removeItem(at: folder)
        }
        let (running, port) = try await Command.serving(
            ["--allow-models", "acme/*,ViT-B/32,rn50x4"],
            environment: environment(hub)
        )
        for (name, words) in [
            ("ViT-B/32", "Where this server has its models from"), ("RN50x4", "Where this server"),
            ("ViT-L/14@336px", "--allow-models"), ("rn50x4", "GET /model/registry lists the models"),
        ] {
            let answer = try await ask(for: name, port: port)
            #expect(answer.status == 404 && answer.text.contains(words), "\(name): \(answer)")
        }
        let renamed = try await ask(for: "acme/old", port: port)
        #expect(renamed.status == 404 && renamed.text.contains("--allow-models"), "\(renamed)")
        running.process.terminate()
        #expect(await running.outcome().status == 0)
    }

    @Test("What an error of the hub means for those who ask for the model")
    func faults() {
        let faults: [(HubError, FetchFault)] = [
            (.repositoryNotFound("a/b", hasToken: false), .notFound),
            (.revisionNotFound("a/b", revision: "x"), .notFound), (.gated("a/b", hasToken: true), .closed),
            (.forbidden("a/b"), .closed), (.invalidToken, .closed),
            (.noUsableFiles("a/b", .onlyPickles(["x.bin"])), .unusable),
            (.renamed("a/b", to: "c/d"), .notAllowed), (.fileNotFound("a/b", file: "x"), .notFound),
            (.offline("a/b", revision: "main", cached: []), .offline),
            (.invalidConfiguration(["HF_ENDPOINT is wrong."]), .misconfigured),
            (.transportUnavailable, .misconfigured),
            (.wrongSize(file: "x", expected: 2, received: 1), .corrupt),
            (.invalidAnswer(host: "h", .noCommit), .corrupt),
            (.redirectRefused(host: "h", .nowhere), .corrupt),
            (.damaged("a/b", file: "x", obstacle: nil), .corrupt),
            (.noSpace(needed: 2, available: 1, path: "/"), .notKept),
            (.cacheUnusable(path: "/", reason: "x"), .notKept),
            (.tooManyRequests(host: "h", seconds: 250), .passing(retryAfterSeconds: 250)),
            (.tooManyRequests(host: "h", seconds: nil), .passing(retryAfterSeconds: nil)),
            (.unreachable(host: "h", .refused), .passing(retryAfterSeconds: nil)),
            (.badStatus(500, host: "h"), .passing(retryAfterSeconds: nil)),
            (.corrupt("a/b", file: "x"), .corrupt),
        ]
        for (error, fault) in faults { #expect(error.fetchFault == fault, "\(error)") }
    }

    @Test("Where nothing may be fetched it does not even listen")
    func offline() async throws {
        let hub = try ScriptedServer { $0.waitForClose() }
        defer { hub.stop() }
        let outcome = try await Command.run(
            "serve",
            "--offline",
            "--model",
            "acme/plain",
            environment: environment(hub).merging(["PORT": "0", "HOST": "127.0.0.1"]) { $1 }
        )
        #expect(outcome.status == 69, "\(outcome.errors)")
        #expect(outcome.errors.contains("cannot be had") && !outcome.errors.contains("listening on"))
        #expect(hub.connectionCount == 0)
    }
}
