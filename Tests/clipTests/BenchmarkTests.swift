import CLIPTestSupport
import Foundation
import Testing

@Suite("clip benchmark", .timeLimit(.minutes(5)))
struct BenchmarkTests {
    private struct Line: Decodable {
        let images: Int?
        let captions: Int?
        let precision: String
        let runs: Int
        let median_ms: Double
        let least_ms: Double
    }

    @Test("Tells the time of each number of images and captions")
    func times() async throws {
        try await withTinyModel { model in
            let outcome = try await Command.run(
                "benchmark",
                "--model",
                model,
                "--images",
                "1,3",
                "--captions",
                "2",
                "--tokens",
                "7",
                "--runs",
                "3",
                "--json"
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            let lines = try outcome.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
            #expect(lines.map(\.images) == [1, 3, nil] && lines.map(\.captions) == [nil, nil, 2])
            for line in lines {
                #expect(line.precision == "f32" && line.runs == 3)
                #expect(line.least_ms > 0 && line.median_ms >= line.least_ms)
            }
            let text = try await Command.run(
                "benchmark",
                "--model",
                model,
                "--images",
                "1",
                "--captions",
                "1",
                "--runs",
                "1"
            )
            #expect(text.lines.count == 2 && text.output.hasPrefix("1 images, f32: "), "\(text.output)")
        }
    }

    @Test("Answers a line of standard input with milliseconds, and names one that it does not understand")
    func commands() async throws {
        try await withTinyModel { model in
            func answer(_ input: String) async throws -> Command.Outcome {
                try await Command.run("benchmark", "--model", model, "--commands", input: Array(input.utf8))
            }
            let outcome = try await answer("images 2\ncaptions 3 9\nimages 1\n")
            #expect(outcome.status == 0 && outcome.lines.count == 3, "\(outcome.errors)")
            #expect(outcome.lines.allSatisfy { line in Double(line).map { $0 > 0 } == true })
            for wrong in ["images", "images 0", "captions 1", "captions 1 1", "photographs 3", ""] {
                let outcome = try await answer(wrong + "\n")
                #expect(
                    outcome.status != 0 && outcome.errors.contains("'\(wrong)' is neither"),
                    "\(outcome.errors)"
                )
            }
        }
    }

    @Test("Refuses bad values, all at once")
    func badValues() async throws {
        try await withTinyModel { model in
            let outcome = try await Command.run(
                "benchmark",
                "--model",
                model,
                "--images",
                "1,none",
                "--captions",
                "0",
                "--tokens",
                "1",
                "--runs",
                "0"
            )
            #expect(outcome.status != 0)
            for part in ["'none'", "--captions", "--tokens", "--runs"] {
                #expect(outcome.errors.contains(part), "\(part) is missing from \(outcome.errors)")
            }
        }
    }

    @Test("A search through made-up vectors is timed beside reading them, and finds the best")
    func search() async throws {
        struct Line: Decodable {
            let one_ms, thirty_two_ms, reading_ms, bytes_per_second, part_of_bandwidth, recall_at_10: Double
            let recalled: Int
        }
        let outcome = try await Command.run(
            "benchmark",
            "search",
            "--count",
            "100000",
            "--width",
            "128",
            "--runs",
            "3",
            "--compared",
            "4"
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let line = try JSONDecoder().decode(Line.self, from: Data(outcome.output.utf8))
        #expect(line.recall_at_10 == 1 && line.recalled == 40)
        #expect(line.one_ms > 0 && line.reading_ms > 0 && line.thirty_two_ms > line.one_ms)
        // What the same bytes are divided by.
        #expect(abs(line.bytes_per_second / (100_000 * 128 / line.reading_ms * 1000) - 1) < 0.2)
        #expect(abs(line.part_of_bandwidth / (line.reading_ms / line.one_ms) - 1) < 0.2)
    }

    private func withTinyModel(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-benchmark-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try TinyModel.quick.write(to: directory)
        try await body("tiny=\(directory)")
    }
}
