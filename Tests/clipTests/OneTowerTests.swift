import CLIPTestSupport
import Foundation
import Testing

@Suite("A model with one tower at the shell", .timeLimit(.minutes(5)))
struct OneTowerTests {
    private struct ModelLine: Decodable {
        let towers: [String]
        let image_size: Int?
        let context_length: Int?
        let embedding_width: Int
    }

    private struct BenchmarkLine: Decodable {
        let images: Int?
        let captions: Int?
    }

    private static let noTexts =
        "is an image tower alone, which embeds no texts; name a model that has a text tower."
    private static let noImages =
        "is a text tower alone, which embeds no images; name a model that has an image tower."

    /// The directories of two halves of a model and a folder with a picture, gone afterwards.
    private func withTowers(
        _ body: (_ vision: String, _ text: String, _ folder: URL) async throws -> Void
    ) async throws {
        let root = FileManager.default.temporaryDirectory
            .appendingPathComponent("clip-towers-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for half in TinyModel.Half.allCases {
            try TinyModel.quick.write(half, to: root.appendingPathComponent(half.rawValue).path)
        }
        let folder = root.appendingPathComponent("pictures/cat")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(Fixture.bytes("imaging/png-rgb.png")).write(to: folder.appendingPathComponent("a.png"))
        try await body(
            root.appendingPathComponent("vision").path,
            root.appendingPathComponent("text").path,
            root.appendingPathComponent("pictures")
        )
    }

    @Test("embed and compare do what the tower can, and say which is not there")
    func embedding() async throws {
        try await withTowers { vision, text, folder in
            let picture = folder.appendingPathComponent("cat/a.png").path
            let mixed = try await Command.run("embed", "--model", vision, picture, "--text", "a cat")
            #expect(mixed.status == 1 && mixed.lines.count == 1)
            #expect(mixed.errors.contains("a cat: Model 'vision' \(Self.noTexts)"), "\(mixed.errors)")
            let other = try await Command.run("embed", "--model", text, picture, "--text", "a cat")
            #expect(other.status == 1 && other.lines.count == 1)
            #expect(other.errors.contains("Model 'text' \(Self.noImages)"), "\(other.errors)")
            for (model, sentence) in [(vision, Self.noTexts), (text, Self.noImages)] {
                let outcome = try await Command.run("compare", "--model", model, picture, "a cat")
                #expect(outcome.status == 65 && outcome.output.isEmpty && outcome.errors.contains(sentence))
            }
        }
    }

    @Test("evaluate and tokenize refuse a model that lacks what they need")
    func others() async throws {
        try await withTowers { vision, text, folder in
            for (model, sentence) in [(vision, Self.noTexts), (text, Self.noImages)] {
                let outcome = try await Command.run("evaluate", "--model", model, folder.path)
                #expect(outcome.status == 65 && outcome.errors.contains(sentence), "\(outcome.errors)")
            }
            let tokens = try await Command.run("tokenize", "--model", vision, "a cat")
            #expect(tokens.status == 65 && tokens.errors.contains(Self.noTexts), "\(tokens.errors)")
            let others = try await Command.run("tokenize", "--model", text, "a cat")
            #expect(others.lines == ["[49406, 320, 2368, 49407]"])
        }
    }

    @Test("models tells the towers, with - or null for what is not there")
    func models() async throws {
        try await withTowers { vision, text, _ in
            let flags = [["--json"], ["--json", "--load"]]
            for flag in flags {
                let running = try Command.start(["models", "--model", vision, "--model", text] + flag)
                let outcome = await running.outcome()
                #expect(outcome.status == 0, "\(outcome.errors)")
                let lines = try outcome.lines.prefix(2).map {
                    try JSONDecoder().decode(ModelLine.self, from: Data($0.utf8))
                }
                #expect(lines.map(\.towers) == [["image"], ["text"]])
                #expect(lines.map(\.image_size) == [64, nil] && lines.map(\.context_length) == [nil, 77])
                #expect(lines.map(\.embedding_width) == [32, 32])
            }
            let table = try await Command.run("models", "--model", vision, "--model", text)
            func columns(_ line: Int) -> [Substring] { table.lines[line].split(separator: " ") }
            #expect(columns(1).prefix(6).suffix(3) == ["64", "32", "-"], "\(table.output)")
            #expect(columns(2).prefix(5).suffix(3) == ["-", "32", "77"], "\(table.output)")
        }
    }

    @Test("benchmark times the tower that is there, and refuses to time the other")
    func benchmark() async throws {
        try await withTowers { vision, text, _ in
            let images = try await Command.run("benchmark", "--model", vision, "--runs", "1", "--json")
            let captions = try await Command.run("benchmark", "--model", text, "--runs", "1", "--json")
            func lines(_ outcome: Command.Outcome) throws -> [BenchmarkLine] {
                try outcome.lines.map { try JSONDecoder().decode(BenchmarkLine.self, from: Data($0.utf8)) }
            }
            #expect(try lines(images).map(\.images) == [1, 8], "\(images.errors)")
            #expect(try lines(captions).map(\.captions) == [1, 8], "\(captions.errors)")
            let refused = try await Command.run("benchmark", "--model", text, "--images", "1", "--runs", "1")
            #expect(refused.status == 65 && refused.errors.contains(Self.noImages), "\(refused.errors)")
            let other = try await Command.run(
                "benchmark",
                "--model",
                vision,
                "--captions",
                "1",
                "--runs",
                "1"
            )
            #expect(other.status == 65 && other.errors.contains(Self.noTexts), "\(other.errors)")
        }
    }
}
