import CLIPTestSupport
import Foundation
import Testing

@Suite("Exact and fast decoding from the shell", .timeLimit(.minutes(5)))
struct DecodingTests {
    private struct Line: Decodable {
        let embedding: [Float]
    }

    private struct Measurement: Decodable {
        let image: String
        let decoding: String
        let runs: Int
        let median_ms: Double
        let least_ms: Double
        let mean_difference: Double
        let largest_difference: Int
    }

    /// A photograph of 300 x 400 pixels.
    private let photograph = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Examples/pictures/koala.jpg").standardizedFileURL.path

    private func withModel(_ body: (String) async throws -> Void) async throws {
        let model = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-decoding-\(UUID().uuidString)"
        )
        defer { try? FileManager.default.removeItem(at: model) }
        try TinyModel.quick.write(to: model.path)
        try await body(model.path)
    }

    private func embedding(_ outcome: Command.Outcome) throws -> [Float] {
        let line = try #require(outcome.lines.first, "\(outcome.errors)")
        return try JSONDecoder().decode(Line.self, from: Data(line.utf8)).embedding
    }

    @Test("Fast decoding is chosen by flag or environment, and comes close to the exact embedding")
    func choice() async throws {
        try await withModel { model in
            let exact = try embedding(await Command.run("embed", "--model", model, photograph))
            let fast = try embedding(
                await Command.run("embed", "--model", model, "--decode", "fast", photograph)
            )
            #expect(fast != exact)
            #expect(Closeness.relativeError(fast, exact) < 0.1)

            let environment = ["CLIP_DECODE": "fast"]
            let byVariable = try await Command.run(
                "embed",
                "--model",
                model,
                photograph,
                environment: environment
            )
            #expect(try embedding(byVariable) == fast)
            let byFlag = try await Command.run(
                "embed",
                "--model",
                model,
                "--decode",
                "exact",
                photograph,
                environment: environment
            )
            #expect(try embedding(byFlag) == exact)
        }
    }

    @Test("Another way of decoding is refused before anything is embedded")
    func refusal() async throws {
        try await withModel { model in
            let outcome = try await Command.run(
                "embed",
                "--model",
                model,
                photograph,
                environment: ["CLIP_DECODE": "rough"]
            )
            #expect(outcome.status != 0 && outcome.output.isEmpty)
            #expect(outcome.errors.contains("CLIP_DECODE='rough' is not one of exact, fast."))
        }
    }

    private func measurements(_ outcome: Command.Outcome) throws -> [Measurement] {
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try outcome.lines.map { try JSONDecoder().decode(Measurement.self, from: Data($0.utf8)) }
    }

    @Test("benchmark decode times each file, and says how far fast decoding is from exact")
    func benchmark() async throws {
        for decoding in ["exact", "fast"] {
            let outcome = try await Command.run(
                "benchmark",
                "decode",
                "--runs",
                "3",
                "--image-size",
                "64",
                "--decode",
                decoding,
                photograph,
                photograph
            )
            let found = try measurements(outcome)
            #expect(found.count == 2)
            for measurement in found {
                #expect(measurement.image == photograph && measurement.runs == 3)
                #expect(measurement.decoding == decoding)
                #expect(measurement.least_ms > 0 && measurement.median_ms >= measurement.least_ms)
                let isFast = decoding == "fast"
                #expect((measurement.mean_difference > 0) == isFast && measurement.mean_difference < 4)
                #expect((measurement.largest_difference > 0) == isFast)
            }
        }
    }

    @Test("benchmark decode refuses bad values at once, and files that it cannot decode by name")
    func benchmarkRefusal() async throws {
        let values = try await Command.run(
            "benchmark",
            "decode",
            "--runs",
            "0",
            "--image-size",
            "5000",
            "--decode",
            "rough",
            photograph
        )
        #expect(values.status != 0 && values.output.isEmpty)
        for part in ["--runs", "--image-size", "--decode='rough'"] { #expect(values.errors.contains(part)) }
        let file = try await Command.run("benchmark", "decode", #filePath)
        #expect(file.status != 0 && file.errors.contains(#filePath))
    }
}
