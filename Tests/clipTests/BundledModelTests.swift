import Foundation
import Testing

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

    @Test("It is found from an installed program too, and a program without it says what to name")
    func installation() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("clip-installation-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
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
