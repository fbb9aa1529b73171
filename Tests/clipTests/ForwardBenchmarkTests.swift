import CLIPTestSupport
import Foundation
import Testing

@Suite("Timing forward passes from the shell", .timeLimit(.minutes(5)))
struct ForwardBenchmarkTests {
    private struct Line: Decodable {
        let images: Int?
        let captions: Int?
        let precision: String
        let runs: Int
        let median_ms: Double
        let least_ms: Double
    }

    private func withModel(_ body: (String) async throws -> Void) async throws {
        let model = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-benchmark-\(UUID().uuidString)"
        )
        defer { try? FileManager.default.removeItem(at: model) }
        try TinyModel.quick.write(to: model.path)
        try await body(model.path)
    }

    @Test(
        "benchmark prints a line for every count of images and captions, with the least and the median time"
    )
    func lines() async throws {
        try await withModel { model in
            let outcome = try await Command.run(
                "benchmark",
                "--model",
                model,
                "--precision",
                "f32",
                "--images",
                "1,3",
                "--captions",
                "2",
                "--tokens",
                "5",
                "--runs",
                "3",
                "--json"
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            let lines = try outcome.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
            #expect(lines.map(\.images) == [1, 3, nil])
            #expect(lines.map(\.captions) == [nil, nil, 2])
            #expect(lines.allSatisfy { $0.precision == "f32" && $0.runs == 3 })
            #expect(lines.allSatisfy { 0 < $0.least_ms && $0.least_ms <= $0.median_ms })

            let told = try await Command.run(
                "benchmark",
                "--model",
                model,
                "--images",
                "2",
                "--captions",
                "1",
                "--runs",
                "1"
            )
            #expect(told.status == 0 && told.lines.count == 2)
            #expect(told.output.contains("2 images") && told.output.contains("1 captions"))
        }
    }

    @Test("benchmark answers every line of standard input with the milliseconds of one pass, until it ends")
    func commands() async throws {
        try await withModel { model in
            let outcome = try await Command.run(
                "benchmark",
                "--commands",
                "--model",
                model,
                input: Array("images 1\ncaptions 3 7\nimages 2\n".utf8)
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            let times = outcome.lines.map(Double.init)
            #expect(times.count == 3)
            #expect(times.allSatisfy { $0.map { $0 > 0 } ?? false })
        }
    }

    @Test(
        "benchmark ends with a sentence at a line that asks for nothing it knows",
        arguments: [
            "images", "images 0", "images one", "captions 1", "captions 1 1", "images 1 2", "sleep 1", "",
        ]
    )
    func badCommand(line: String) async throws {
        try await withModel { model in
            let outcome = try await Command.run(
                "benchmark",
                "--commands",
                "--model",
                model,
                input: Array("images 1\n\(line)\nimages 1\n".utf8)
            )
            #expect(outcome.status != 0)
            #expect(outcome.lines.count == 1, "what came before is answered")
            #expect(outcome.errors.contains("'\(line)'"))
        }
    }

    @Test("benchmark refuses bad values at once, all together")
    func refusal() async throws {
        try await withModel { model in
            let outcome = try await Command.run(
                "benchmark",
                "--model",
                model,
                "--images",
                "0,x",
                "--captions",
                "1,-1",
                "--tokens",
                "1",
                "--runs",
                "0",
                "--precision",
                "f17"
            )
            #expect(outcome.status != 0 && outcome.output.isEmpty)
            for part in ["'0'", "'x'", "'-1'", "--tokens", "--runs", "f17"] {
                #expect(outcome.errors.contains(part), "\(part) is not named in \(outcome.errors)")
            }
        }
    }
}
