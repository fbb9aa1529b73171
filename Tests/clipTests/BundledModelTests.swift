import CLIPTestSupport
import Foundation
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("The model that comes with the program", .timeLimit(.minutes(5)))
struct BundledModelTests {
    @Test("clip-mini answers where no model is named")
    func isDefault() async throws {
        let models = try await Command.run("models", "--json")
        // Behind it come the known names of the hub.
        let configured = models.lines.filter { $0.contains(#""state":"configured""#) }
        #expect(configured.count == 1, "\(models.errors)")
        #expect(models.output.hasPrefix(#"{"name":"clip-mini","default":true,"#), "\(models.output)")
        let embedding = try await Command.run("embed", "--text", "고양이")
        #expect(embedding.status == 0 && embedding.lines.count == 1, "\(embedding.errors)")
    }

    @Test("The server's log says that clip-mini answers, and how to take another model")
    func log() async throws {
        let (server, _) = try await Command.serving([])
        server.process.terminate()
        let outcome = await server.outcome()
        #expect(outcome.errors.contains("clip-mini"), "\(outcome.errors)")
        #expect(outcome.errors.contains("clip serve --model siglip2-base-patch16-256"), "\(outcome.errors)")
    }

    @Test("A named model takes its place, and with it the log line goes")
    func isReplaced() async throws {
        let outcome = try await Command.run("models", environment: ["CLIP_MODEL": "other=/nowhere"])
        #expect(outcome.status != 0 && outcome.errors.contains("Model 'other' cannot be loaded"))
        let serving = try await Command.run("serve", "--model", "other=/nowhere", "--port", "0")
        #expect(serving.status != 0 && !serving.errors.contains("clip-mini"), "\(serving.errors)")
    }

    /// A copy of the program in a folder of its own, without the model.
    private static func lone(in folder: URL) throws -> URL {
        let program = folder.appendingPathComponent("bin/clip")
        try FileManager.default.createDirectory(
            at: program.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        // By a process of its own: a test beside this one that starts a process now would hand it the copy's open
        // file, and a program that somebody has open for writing cannot be run ("text file busy").
        let copying = try Process.run(
            URL(fileURLWithPath: "/bin/cp"),
            arguments: [Command.executable.path, program.path]
        )
        copying.waitUntilExit()
        try #require(copying.terminationStatus == 0)
        return program
    }

    private static func folder() -> URL {
        FileManager.default.temporaryDirectory
            .appendingPathComponent("clip-installation-\(UUID().uuidString)")
    }

    @Test("A server without it starts, and Roboflow's default comes when a request names no model")
    func lone() async throws {
        let folder = Self.folder()
        let hub = try ScriptedServer.answering { _ in answer("404 Not Found", "X-Error-Code: RepoNotFound") }
        defer {
            hub.stop()
            try? FileManager.default.removeItem(at: folder)
        }
        let program = try Self.lone(in: folder)
        let environment = [
            "HF_ENDPOINT": "http://127.0.0.1:\(hub.port)", "HF_HUB_CACHE": folder.path, "HOME": folder.path,
        ]
        func ask(_ path: String, _ port: Int, _ body: String? = nil) async throws -> HTTPURLResponse {
            var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
            request.httpMethod = body == nil ? "GET" : "POST"
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.httpBody = body.map { Data($0.utf8) }
            return try #require(try await URLSession.shared.data(for: request).1 as? HTTPURLResponse)
        }
        for (choice, name, path) in [
            ([:], "ViT-B-16", "timm/vit_base_patch16_clip_224.openai"),
            (["CLIP_VERSION_ID": "RN50"], "RN50", "timm/resnet50_clip.openai"),
        ] {
            let (running, port) = try await Command.serving(
                [],
                environment: environment.merging(choice) { $1 },
                executable: program
            )
            try await eventually { try await ask("/readiness", port).statusCode == 200 }
            let before = hub.connectionCount
            let answer = try await ask("/clip/embed_text", port, #"{"text":"a"}"#)
            #expect(answer.statusCode == 404 && hub.connectionCount > before)
            #expect(answer.value(forHTTPHeaderField: "x-model-id") == "clip/\(name)")
            running.process.terminate()
            let outcome = await running.outcome()
            #expect(outcome.status == 0 && outcome.errors.contains(path), "\(outcome.errors)")
            #expect(outcome.errors.contains("\(name) is fetched when a request names no model"))
        }
        // Where the operator allows no such thing, there is nothing to serve.
        for allowed in ["none", "RN50"] {
            let refused = try await Command.run(
                "serve",
                "--allow-models",
                allowed,
                environment: environment,
                executable: program
            )
            #expect(refused.status != 0 && refused.errors.contains("clip-mini"), "\(refused.errors)")
        }
        let models = try await Command.run("models", environment: environment, executable: program)
        #expect(models.status == 0 && models.output.contains("ViT-B-16 (default)"), "\(models.errors)")
        #expect(models.output.contains("siglip2-base-patch16-256"))
    }

    @Test("It is found from an installed program too, and a program without it says what to name")
    func installation() async throws {
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try Self.lone(in: folder)
        let none = try await Command.run("embed", "--text", "a", executable: program)
        #expect(none.status != 0 && none.errors.contains("clip pull --list"), "\(none.errors)")

        let share = folder.appendingPathComponent("share/swift-clip/Models")
        try FileManager.default.createDirectory(at: share, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            at: share.appendingPathComponent("clip-mini"),
            withDestinationURL: Self.checkout.appendingPathComponent("Models/clip-mini")
        )
        let found = try await Command.run("models", executable: program)
        #expect(found.status == 0 && found.output.contains("clip-mini (default)"), "\(found.errors)")
    }

    private static var checkout: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }
}
