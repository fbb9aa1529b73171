import CLIPTestSupport
import Foundation
import Testing

@Suite("Settings of the hub, and names, where neither matters", .timeLimit(.minutes(2)))
struct HubSettingsTests {
    /// Runs a test with a model in a folder of that name.
    private func withModel(
        named name: String = "tiny",
        _ body: (_ path: String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-hub-settings-\(UUID().uuidString)"
        )
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent(name).path
        try TinyModel.quick.write(to: path)
        try await body(path)
    }

    private static let wrong = [
        "HF_ENDPOINT": "ftp://x", "HF_TOKEN": "a b", "HF_HUB_DOWNLOAD_TIMEOUT": "abc",
    ]

    @Test("Wrong settings of the hub stop nothing that has no need of it", arguments: wrong.keys)
    func notNeeded(name: String) async throws {
        try await withModel { path in
            let environment = [name: Self.wrong[name] ?? ""]
            for more in [["--allow-models", "none"], ["--offline"]] {
                let (running, _) = try await Command.serving(
                    ["--model", path] + more,
                    environment: environment
                )
                running.process.terminate()
                #expect(await running.outcome().status == 0)
            }
            let models = try await Command.run("models", "--model", path, environment: environment)
            #expect(models.status == 0 && models.output.contains("tiny (default)"), "\(models.errors)")
            for arguments in [["--model", path], ["--model", "acme/x", "--allow-models", "none"]] {
                let running = try Command.start(["serve"] + arguments, environment: environment)
                let refused = await running.outcome()
                #expect(refused.status != 0 && refused.errors.contains(name), "\(refused.errors)")
            }
        }
    }

    @Test("A folder's name need be none that requests could give, where there are no requests")
    func anyName() async throws {
        try await withModel(named: "한글 모델") { path in
            let embedding = try await Command.run("embed", "--model", path, "--text", "a")
            #expect(embedding.status == 0 && embedding.lines.count == 1, "\(embedding.errors)")
            let tokens = try await Command.run("tokenize", "--model", path, "a")
            #expect(tokens.status == 0 && tokens.lines.count == 1, "\(tokens.errors)")
            let models = try await Command.run("models", "--model", path)
            #expect(models.status == 0 && models.output.contains("한글 모델 (default)"), "\(models.errors)")
            let refused = try await Command.run("serve", "--model", path)
            #expect(refused.status != 0 && refused.errors.contains("NAME=MODEL"), "\(refused.errors)")
            let (running, _) = try await Command.serving(["--model", "kr=\(path)"])
            running.process.terminate()
            #expect(await running.outcome().status == 0)
        }
    }

    @Test("A start that fails says nothing of models that nobody has asked to leave")
    func failedStart() async throws {
        try await withModel { path in
            let outcome = try await Command.run(
                "serve",
                "--model",
                path,
                "--model",
                "/nonexistent",
                environment: ["PORT": "0", "HOST": "127.0.0.1"]
            )
            #expect(outcome.status != 0 && outcome.errors.contains("Model 'nonexistent' cannot be loaded"))
            #expect(outcome.errors.contains("model tiny is ready"), "\(outcome.errors)")
            #expect(!outcome.errors.contains("leaves memory"), "\(outcome.errors)")
        }
    }
}
