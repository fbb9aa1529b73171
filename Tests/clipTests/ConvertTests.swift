import CLIPTestSupport
import Foundation
import Testing

@Suite("clip convert", .timeLimit(.minutes(5)))
struct ConvertTests {
    private func withFolder(_ body: (_ folder: String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-tests-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }

    @Test("It says what it wrote, what it left out, and how the model is served")
    func output() async throws {
        try await withFolder { folder in
            let source = Fixture.url("archives/training.pt").path
            let done = try await Command.run("convert", source, "\(folder)/out")
            #expect(done.status == 0, "\(done.errors)")
            #expect(
                done.lines.last == "clip serve --model \(folder)/out" && done.errors.isEmpty,
                "\(done.output) \(done.errors)"
            )
            #expect(done.lines.first?.hasPrefix("\(folder)/out/open_clip_model.safetensors: ") == true)
            #expect(done.output.contains("open_clip_config.json was not beside the checkpoint"))
            let again = try await Command.run("convert", source, "\(folder)/out")
            #expect(again.status == 73)
            #expect(
                again.errors.contains("'open_clip_model.safetensors'") && again.errors.contains("--force")
            )
            #expect(try await Command.run("convert", source, "\(folder)/out", "--force").status == 0)
        }
    }

    @Test("What it refuses it names, in a sentence with what to do")
    func refusals() async throws {
        try await withFolder { folder in
            let path = "\(folder)/a.pt"
            try Data("PK\u{3}\u{4} and nothing behind it".utf8).write(to: URL(fileURLWithPath: path))
            let done = try await Command.run("convert", path, "\(folder)/out")
            #expect(done.status == 65 && done.output.isEmpty)
            #expect(
                done.errors
                    == "Error: \(path) is a damaged zip archive: its end is not there. Download it anew, "
                    + "or save its state_dict() again.\n"
            )
        }
    }

    @Test("A weights file can be named as a model, which then has its directory's name")
    func namedFile() async throws {
        try await withFolder { folder in
            let weights = try TinyModel.quick.write(to: "\(folder)/tiny")
            let done = try await Command.run(
                "models",
                "--json",
                "--model",
                weights
            )
            #expect(done.status == 0, "\(done.errors)")
            #expect(done.output.contains(#""name":"tiny""#))
        }
    }
}
