import CLIPTestSupport
import Foundation
import Testing

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
