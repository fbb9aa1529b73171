import CLIPHub
import CLIPTestSupport
import Foundation
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("The command", .timeLimit(.minutes(5)))
struct CommandTests {
    private struct Line: Decodable {
        let image: String?
        let text: String?
        let embedding: [Float]
    }

    /// A model directory and a picture, gone afterwards.
    private func withModel(_ body: (_ model: String, _ picture: String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-tests-\(UUID().uuidString)"
        )
        defer { try? FileManager.default.removeItem(at: folder) }
        try TinyModel.quick.write(to: folder.appendingPathComponent("tiny").path)
        let picture = folder.appendingPathComponent("picture.png")
        try Data(Fixture.bytes("imaging/png-rgb.png")).write(to: picture)
        try await body(folder.appendingPathComponent("tiny").path, picture.path)
    }

    private func decode(_ line: String) throws -> Line {
        try JSONDecoder().decode(Line.self, from: Data(line.utf8))
    }

    // MARK: embed

    @Test("embed writes one JSON object a line, images first, in the order given")
    func embed() async throws {
        try await withModel { model, picture in
            let outcome = try await Command.run(
                "embed",
                "--model",
                model,
                picture,
                "--text",
                "a \"quoted\" cat",
                "--text",
                "고양이"
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            let lines = try outcome.lines.map(decode)
            #expect(lines.map(\.image) == [picture, nil, nil])
            #expect(lines.map(\.text) == [nil, "a \"quoted\" cat", "고양이"])
            #expect(lines.allSatisfy { $0.embedding.count == TinyModel.quick.embeddingWidth })
            #expect(outcome.errors.isEmpty, "progress is for terminals only")
        }
    }

    @Test("embed reads texts, a line each, or one image from standard input")
    func embedStandardInput() async throws {
        try await withModel { model, picture in
            let texts = try await Command.run(
                "embed",
                "--model",
                model,
                "--normalize",
                "--text",
                "-",
                input: Array("one\n\ntwo\n".utf8)
            )
            let lines = try texts.lines.map(decode)
            #expect(lines.map(\.text) == ["one", "", "two"])
            for line in lines {
                #expect(abs(line.embedding.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
            }
            let image = try await Command.run(
                "embed",
                "--model",
                model,
                "-",
                input: [UInt8](try Data(contentsOf: URL(fileURLWithPath: picture)))
            )
            let file = try await Command.run("embed", "--model", model, picture)
            #expect(try image.lines.map(decode).map(\.embedding) == file.lines.map(decode).map(\.embedding))
        }
    }

    @Test("embed goes on after an input that fails, names it, and ends with status 1")
    func embedFailures() async throws {
        try await withModel { model, picture in
            let long = Array(repeating: "word", count: 100).joined(separator: " ")
            let outcome = try await Command.run(
                "embed",
                "--model",
                model,
                "missing.jpg",
                picture,
                "--text",
                long,
                "--text",
                "short"
            )
            #expect(outcome.status == 1)
            #expect(outcome.lines.count == 2)
            #expect(
                outcome.errors.contains("missing.jpg: The file cannot be read: No such file or directory.")
            )
            #expect(outcome.errors.contains("102 tokens"))
            let cut = try await Command.run("embed", "--model", model, "--truncate", "--text", long)
            #expect(cut.status == 0 && cut.lines.count == 1)
        }
    }

    // MARK: compare, tokenize, models

    @Test("compare ranks the best text first, and gives the request's order as JSON")
    func compare() async throws {
        struct Answer: Decodable {
            struct Similarity: Decodable {
                let text: String
                let similarity: Float
            }
            let similarities: [Similarity]
        }
        try await withModel { model, picture in
            let texts = ["a cat", "a dog", "a very long goods train"]
            let json = try await Command.run(
                "compare",
                "--model",
                model,
                "--json",
                picture,
                texts[0],
                texts[1],
                texts[2]
            )
            let answer = try JSONDecoder().decode(Answer.self, from: Data(json.output.utf8))
            #expect(answer.similarities.map(\.text) == texts)
            let ranking = try await Command.run(
                "compare",
                "--model",
                model,
                picture,
                texts[0],
                texts[1],
                texts[2]
            )
            let best = try #require(answer.similarities.max { $0.similarity < $1.similarity })
            #expect(ranking.lines.count == 3)
            #expect(ranking.lines[0].hasSuffix(best.text))
        }
    }

    @Test("tokenize needs no model and prints OpenAI's ids")
    func tokenize() async throws {
        let outcome = try await Command.run("tokenize", "a photo of a cat", "")
        #expect(outcome.lines == ["[49406, 320, 1125, 539, 320, 2368, 49407]", "[49406, 49407]"])
    }

    @Test("models lists what is configured, the default first")
    func models() async throws {
        try await withModel { model, _ in
            let outcome = try await Command.run(
                "models",
                "--json",
                environment: ["CLIP_MODEL": "a=\(model),b=\(model)", "CLIP_VERSION_ID": "b"]
            )
            #expect(outcome.lines.count == 2 + KnownModel.all.count, "\(outcome.errors)")
            #expect(outcome.lines[0].hasPrefix(#"{"name":"b","default":true,"image_size":"#))
            #expect(outcome.lines.prefix(2).allSatisfy { $0.contains(#""state":"configured""#) })
            #expect(!outcome.lines.dropFirst(2).contains { $0.contains(#""state":"configured""#) })
            #expect(outcome.lines.allSatisfy { !$0.contains("load_ms") }, "Nothing is loaded.")
        }
    }

    @Test("models --load loads what is configured, with the same figures, and says how long that took")
    func loadedModels() async throws {
        struct Line: Decodable, Equatable {
            let name: String
            let image_size: Int
            let embedding_width: Int
            let context_length: Int
            let precision: String
            let bytes: Int
        }
        try await withModel { model, _ in
            var found: [[Line]] = []
            for arguments in [["models", "--json"], ["models", "--json", "--load"]] {
                let outcome = try await Command.start(arguments + ["--model", "a=\(model)"]).outcome()
                // Without --load those that are known by a name come behind.
                let known = arguments.contains("--load") ? 0 : KnownModel.all.count
                #expect(outcome.status == 0 && outcome.lines.count == 1 + known, "\(outcome.errors)")
                #expect(outcome.output.contains("load_ms") == arguments.contains("--load"))
                found.append(
                    try outcome.lines.prefix(1).map {
                        try JSONDecoder().decode(Line.self, from: Data($0.utf8))
                    }
                )
            }
            #expect(found[0] == found[1] && found[0][0].bytes > 1000)
            let table = try await Command.run("models", "--model", "a=\(model)")
            #expect(
                table.lines.count == 2 + KnownModel.all.count && table.lines[1].hasPrefix("a (default)"),
                "\(table.errors)"
            )
        }
    }

    @Test("models that would not fit are refused at start by figures and the flag's name")
    func modelMemory() async throws {
        try await withModel { model, _ in
            let outcome = try await Command.run(
                "serve",
                "--port",
                "0",
                "--model",
                "a=\(model)",
                "--model-memory",
                "1000"
            )
            #expect(outcome.status == 78)
            #expect(outcome.errors.contains("Model 'a' takes ") && outcome.errors.contains("--model-memory"))
        }
    }

    // MARK: Refusals

    @Test("An unknown default and a broken directory are told in a sentence")
    func refusals() async throws {
        let unknown = try await Command.run("models", "--model", "a=/nowhere", "--default-model", "b")
        #expect(unknown.status != 0 && unknown.errors.contains("'b' is not among the models: a."))
        let broken = try await Command.run("models", "--model", "a=/nowhere/at/all")
        #expect(broken.status != 0 && broken.errors.contains("Model 'a' cannot be loaded"))
    }

    @Test("Output that cannot be written is told in a sentence, and input that cannot be read")
    func fullDisk() async throws {
        try await withModel { model, picture in
            let script = #"exec "$0" embed --model "$1" "$2" > /dev/full"#
            let full = try await Command.shell(script, model, picture)
            #expect(
                full.status == 74 && full.errors.contains("Standard output cannot be written:"),
                "\(full.errors)"
            )
            let missing = try await Command.run("embed", "--model", model, "/nowhere.png")
            #expect(
                missing.status == 1 && missing.errors.contains("/nowhere.png: The file cannot be read:"),
                "\(missing.errors)"
            )
            let closed = try await Command.shell(#"exec "$0" embed --model "$1" - <&-"#, model)
            #expect(
                closed.status == 1 && closed.errors.contains("Standard input cannot be read:"),
                "\(closed.errors)"
            )
        }
    }

    @Test("All bad values are told at once, from flags and environment")
    func badValues() async throws {
        let outcome = try await Command.run(
            "serve",
            "--model",
            "a b=/nowhere",
            "--max-batch",
            "0",
            "--precision",
            "f7",
            "--decode",
            "rough",
            environment: [
                "CLIP_PORT": "70000", "CLIP_MAX_PENDING": "many", "CLIP_ALLOW_URLS": "perhaps",
                "CLIP_DRAIN_SECONDS": "1e300",
                "CLIP_FETCH_SECONDS": "nan", "CLIP_THREADS": "100000", "CLIP_TEXT_CACHE_BYTES": "-1",
            ]
        )
        #expect(outcome.status != 0)
        for part in [
            "'a b'", "--max-batch must be from", "f7", "--decode='rough' is not one of exact, fast", "70000",
            "CLIP_MAX_PENDING='many'", "CLIP_ALLOW_URLS='perhaps'",
            "CLIP_DRAIN_SECONDS", "CLIP_FETCH_SECONDS", "--threads must be", "--text-cache-bytes must be",
        ] {
            #expect(outcome.sentences.contains(part), "\(part) is missing from \(outcome.errors)")
        }
    }

    @Test("serve refuses a checkpoint that is not sound, and ends")
    func serveRefusal() async throws {
        let outcome = try await Command.run("serve", "--port", "0", "--model", "a=/nowhere/at/all")
        #expect(outcome.status != 0 && outcome.errors.contains("Model 'a' cannot be loaded"))
    }

    // MARK: serve

    @Test("serve tells that its port is taken, at once and with the port")
    func portTaken() async throws {
        try await withModel { model, _ in
            let first = try await Command.serving(["--model", "tiny=\(model)"])
            let second = try await Command.run("serve", "--port", "\(first.port)", "--model", "tiny=\(model)")
            #expect(second.status == 69)
            #expect(second.errors.contains("\(first.port)"), "\(second.errors)")
            first.running.process.terminate()
            #expect(await first.running.outcome().status == 0)
        }
    }

    @Test("serve ends with status 0 when it is told to stop while it loads")
    func stopWhileLoading() async throws {
        try await withModel { model, _ in
            let models = (1...6).flatMap { ["--model", "m\($0)=\(model)"] }
            let server = try await Command.serving(models)
            server.running.process.terminate()
            let outcome = await server.running.outcome()
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    @Test("serve answers until SIGTERM, and then ends with status 0")
    func serve() async throws {
        try await withModel { model, _ in
            let (server, port) = try await Command.serving(["--model", "tiny=\(model)"])
            let url = try #require(URL(string: "http://127.0.0.1:\(port)/clip/embed_text"))
            var request = URLRequest(url: url, timeoutInterval: 60)
            request.httpMethod = "POST"
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.httpBody = Data(#"{"text": "a cat"}"#.utf8)
            let (data, _) = try await URLSession.shared.data(for: request)
            let answer = String(decoding: data, as: UTF8.self)
            #expect(answer.contains(#""embeddings":[["#), "\(answer)")
            server.process.terminate()
            let outcome = await server.outcome()
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }
}
