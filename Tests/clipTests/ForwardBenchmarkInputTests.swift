import CLIPTestSupport
import Foundation
import Testing

@Suite("What forward passes are timed with", .timeLimit(.minutes(5)))
struct ForwardBenchmarkInputTests {
    private struct Line: Decodable {
        let captions: Int?
        let tokens: Int?
        let model: String
        let threads: Int
    }

    /// A model directory, gone afterwards.
    private func withModel(_ body: (_ model: String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-forward-\(UUID().uuidString)"
        )
        defer { try? FileManager.default.removeItem(at: folder) }
        try TinyModel.quick.write(to: folder.appendingPathComponent("tiny").path)
        try await body(folder.appendingPathComponent("tiny").path)
    }

    private func run(_ arguments: [String], input: String = "") async throws -> Command.Outcome {
        await (try Command.start(["benchmark"] + arguments, input: Array(input.utf8))).outcome()
    }

    @Test("A JSON line says which model ran, on how many threads, and how long its captions were")
    func json() async throws {
        try await withModel { model in
            let passes = [
                "--images", "1", "--captions", "2", "--tokens", "5", "--runs", "1", "--threads", "2",
            ]
            // Only the first of two models is loaded: the other is not there.
            let models = ["--model", "first=\(model)", "--model", "second=/nowhere"]
            let outcome = try await run(["forward", "--json"] + models + passes)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let lines = try outcome.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
            #expect(lines.map(\.captions) == [nil, 2] && lines.map(\.tokens) == [nil, 5])
            #expect(lines.allSatisfy { $0.model == "first" && $0.threads == 2 })
        }
    }

    @Test("Captions longer than the model's context are refused, not cut")
    func context() async throws {
        try await withModel { model in
            let sentence = "Captions of 1000 tokens are longer than the model's context of "
            let asked = try await run(["--model", model, "--tokens", "1000"])
            #expect(asked.status == 65 && asked.lines.isEmpty)
            #expect(asked.errors.contains(sentence), "\(asked.errors)")
            let commanded = try await run(
                ["--model", model, "--commands"],
                input: "images 1\ncaptions 1 1000\n"
            )
            #expect(commanded.status == 65 && commanded.lines.count == 1)
            #expect(commanded.errors.contains(sentence), "\(commanded.errors)")
        }
    }

    @Test("What is wrong with the engine's settings is told beside the rest, before anything is loaded")
    func refusals() async throws {
        let outcome = try await run(["--model", "a=/nowhere", "--runs", "0", "--threads", "0"])
        #expect(outcome.status != 0 && outcome.lines.isEmpty)
        for problem in [
            "--runs must be at least 1, not 0.", "--threads must be from 1 to 1024, not 0.",
        ] {
            #expect(outcome.sentences.contains(problem), "\(outcome.errors)")
        }
        #expect(!outcome.errors.contains("nowhere"))
    }
}
