import CLIPEngine
import CLIPTestSupport
import Foundation
import Testing

@Suite("The files of a checkpoint", .timeLimit(.minutes(5)))
struct CheckpointFileTests {
    /// A transformers checkpoint in which some files are others; nil takes one away.
    private func withCheckpoint<Value>(
        _ files: [String: String?] = [:],
        bytes: [String: [UInt8]] = [:],
        layout: TinyModel.Layout = .transformers,
        changing change: (inout [String: TinyModel.Weight]) -> Void = { _ in },
        _ body: (ModelSource) async throws -> Value
    ) async throws -> Value {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-files-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        try TinyModel.quick.write(to: directory.path, layout, changing: change)
        for (name, text) in files {
            let url = directory.appendingPathComponent(name)
            if let text {
                try Data(text.utf8).write(to: url)
            } else {
                try FileManager.default.removeItem(at: url)
            }
        }
        for (name, bytes) in bytes { try Data(bytes).write(to: directory.appendingPathComponent(name)) }
        return try await body(ModelSource(name: "tiny", directory: directory.path))
    }

    /// The embeddings of a picture and a text.
    private func embeddings(
        _ files: [String: String?] = [:],
        changing change: (inout [String: TinyModel.Weight]) -> Void = { _ in }
    ) async throws -> [Embedding] {
        try await withCheckpoint(files, changing: change) { source in
            var configuration = EngineConfiguration(models: [source], cores: 1)
            configuration.precision = .f32
            let engine = try EmbeddingEngine(configuration: configuration)
            defer { engine.shutdown() }
            try await engine.start()
            let picture = try Fixture.bytes("imaging/png-rgb.png")
            return try await engine.embed(images: [.encoded(picture)]).embeddings
                + engine.embed(texts: ["a photo of a cat"]).embeddings
        }
    }

    /// Why the files, weights aside, are refused; nil where they are not.
    private func refusal(
        _ files: [String: String?] = [:],
        bytes: [String: [UInt8]] = [:],
        layout: TinyModel.Layout = .transformers,
        isCopy: Bool = false
    ) async throws -> String? {
        try await withCheckpoint(files, bytes: bytes, layout: layout) { source in
            let origin = isCopy ? ModelOrigin(repository: "owner/tiny") : nil
            let source = ModelSource(name: source.name, directory: source.directory, origin: origin)
            do throws(EmbeddingError) {
                _ = try TokenizerSource(model: source)
                return nil
            } catch {
                guard case .modelUnavailable("tiny", let cause) = error else {
                    return "not by the model: \(error)"
                }
                return cause
            }
        }
    }

    // MARK: How images are prepared

    private let half = """
        {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": \(TinyModel.quick.imageSize)},
         "crop_size": {"height": \(TinyModel.quick.imageSize), "width": \(TinyModel.quick.imageSize)}, "do_resize": true,
         "do_normalize": true, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
        """

    @Test("processor_config.json counts as preprocessor_config.json does, and before it")
    func processor() async throws {
        let openAI = try await embeddings()
        let wanted = try await embeddings(["preprocessor_config.json": half])
        #expect(wanted[0] != openAI[0])
        let nested = #"{"processor_class": "CLIPProcessor", "image_processor": \#(half)}"#
        #expect(
            try await embeddings(["preprocessor_config.json": nil, "processor_config.json": nested]) == wanted
        )
        #expect(try await embeddings(["processor_config.json": nested]) == wanted)
        // As older versions wrote it, it says nothing of images.
        let older = #"{"processor_class": "CLIPProcessor"}"#
        #expect(try await embeddings(["processor_config.json": older]) == openAI)
        #expect(
            try await embeddings(["processor_config.json": older, "preprocessor_config.json": half]) == wanted
        )
    }

    @Test(
        "Settings that are not followed are refused with file and setting",
        arguments: [
            (#""do_resize": true"#, #""do_resize": false"#, "do_resize"),
            (#""do_resize": true"#, #""do_resize": 0"#, "do_resize"),
            (#""do_resize": true"#, #""resample": 1"#, "resample"),
            (#""do_resize": true"#, #""do_pad": true, "pad_size": {"height": 9, "width": 9}"#, "do_pad"),
            (#""do_resize": true"#, #""rescale_factor": 0.0"#, "rescale_factor"),
            (#""do_resize": true"#, #""do_resize": "maybe""#, "do_resize"),
            (#""CLIPImageProcessor""#, #""Siglip2ImageProcessor""#, "image_processor_type"),
            ("[0.5, 0.5, 0.5]", "[0.5, 0.5]", "mean"), ("[0.5, 0.5, 0.5]", "null", "image_mean"),
            (#""do_resize": true"#, #""do_resize": null"#, "do_resize"),
            (#""do_normalize": true"#, #""do_normalize": null"#, "do_normalize"),
            (#""do_resize": true"#, #""do_rescale": null"#, "do_rescale"),
            (#""crop_size": "#, #""crop_size": null, "ignored": "#, "crop_size"),
        ]
    )
    func unfollowed(old: String, new: String, word: String) async throws {
        let changed = half.replacing(old, with: new)
        #expect(changed != half)
        let preprocessor = try #require(try await refusal(["preprocessor_config.json": changed]))
        #expect(
            preprocessor.hasPrefix("preprocessor_config.json: ") && preprocessor.contains(word),
            "\(preprocessor)"
        )
        #expect(Words.faults(of: preprocessor) == [])
        let nested = #"{"image_processor": \#(changed)}"#
        let processor = try #require(
            try await refusal(["preprocessor_config.json": nil, "processor_config.json": nested])
        )
        #expect(processor.hasPrefix("processor_config.json: ") && processor.contains(word), "\(processor)")
    }

    @Test("Numbers where Python takes them for booleans, and settings without effect, are accepted")
    func lenient() async throws {
        let changed = half.replacing(
            #""do_resize": true"#,
            with: #""do_resize": 1, "do_rescale": 1, "do_pad": 0, "device": null"#
        )
        #expect(try await refusal(["preprocessor_config.json": changed]) == nil)
        let single = half.replacing("[0.5, 0.5, 0.5]", with: "0.5")
        #expect(
            try await embeddings(["preprocessor_config.json": single])
                == embeddings(["preprocessor_config.json": half])
        )
        let passedOver: [String: String?] = [
            "video_preprocessor_config.json": "{}", "README.md": "", "generation_config.json": "{",
        ]
        #expect(try await refusal(passedOver) == nil)
    }

    @Test("Beside open_clip_config.json, files for transformers have to say the same")
    func bothRecipes() async throws {
        let quick = TinyModel.quick.preprocessorJSON
        func refusal(_ name: String, _ json: String) async throws -> String? {
            try await self.refusal([name: json], layout: .openCLIP)
        }
        let (one, two) = ("preprocessor_config.json", "processor_config.json")
        #expect(try await refusal(one, quick) == nil)
        #expect(try await refusal(two, #"{"image_processor": \#(quick)}"#) == nil)
        #expect(try await refusal(two, #"{"processor_class": "CLIPProcessor"}"#) == nil)
        // What open_clip leaves out is what OpenAI's models have.
        let configuration = TinyModel.quick.configurationJSON(.openCLIP)
        let short = configuration.replacing(#/,\s*"preprocess_cfg": \{[^}]*\}/#, with: "")
        #expect(short != configuration)
        let files: [String: String?] = ["open_clip_config.json": short, one: quick]
        #expect(try await self.refusal(files, layout: .openCLIP) == nil)

        let size = TinyModel.quick.imageSize
        let cases: [(json: String, words: [String])] = [
            (
                half,
                ["mean is [0.5, 0.5, 0.5] in", "[0.4814546", "standard deviation is [0.5, 0.5, 0.5] in"]
            ),
            (quick.replacing(": \(size)", with: ": 32"), ["image size is 32 in", "\(size) in"]),
            (quick.replacing(#""resample": 3"#, with: #""resample": 0"#), ["'resample' as 0", "bicubic"]),
            (
                quick.replacing(#""resample": 3"#, with: #""resample": 2"#),
                ["middle kept, with bilinear filtering in", "middle kept, with bicubic filtering in"]
            ),
            (
                quick.replacing(
                    #""shortest_edge": \#(size)"#,
                    with: #""height": \#(size), "width": \#(size)"#
                ),
                ["both sides resized to \(size) pixels", "the short side resized to \(size) pixels"]
            ),
            (
                quick.replacing(#""resample": 3"#, with: #""rescale_factor": 1"#),
                ["scale of a byte is 1/1.0 in"]
            ),
            (quick.replacing(#""do_resize": true"#, with: #""do_resize": false"#), ["do_resize"]),
            (quick.replacing(#""image_mean""#, with: #""image_mean": 1, garbage"#), ["cut off"]),
        ]
        for (json, words) in cases {
            #expect(json != quick)
            for (name, text) in [(one, json), (two, #"{"image_processor": \#(json)}"#)] {
                let found = try #require(try await refusal(name, text))
                for word in words + [name, "open_clip_config.json"] {
                    #expect(found.contains(word), "\(word): \(found)")
                }
                #expect(Words.faults(of: found) == [])
                // A repository's copy is open_clip's, whatever others have fetched of it.
                #expect(try await self.refusal([name: text], layout: .openCLIP, isCopy: true) == nil)
            }
        }
    }

    // MARK: Weights that overflow

    @Test("An embedding that overflows is refused with the model's name, and not kept")
    func overflow() async throws {
        try await withCheckpoint(changing: { weights in
            let count = weights["text_projection.weight"]?.floats.count ?? 0
            weights["text_projection.weight"]?.floats = Array(repeating: 3e38, count: count)
        }) { source in
            var configuration = EngineConfiguration(models: [source], cores: 1)
            configuration.precision = .f32
            let engine = try EmbeddingEngine(configuration: configuration)
            defer { engine.shutdown() }
            try await engine.start()
            for _ in 0..<2 {
                await #expect {
                    try await engine.embed(texts: ["a photo of a cat", "a dog"])
                } throws: { error in
                    guard case .failed(let cause) = error as? EmbeddingError else { return false }
                    return cause.contains("'tiny'") && cause.contains("overflows")
                }
            }
            let picture = try Fixture.bytes("imaging/png-rgb.png")
            #expect(try await engine.embed(images: [.encoded(picture)]).embeddings[0].values.count == 32)
            #expect(engine.cacheStatistics(of: "tiny")?.texts?.entries == 0)
            #expect(engine.cacheStatistics(of: "tiny")?.images?.entries == 1)
        }
    }

    // MARK: Files that are something else

    private static let files = [
        "config.json", "preprocessor_config.json", "processor_config.json", "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json", "vocab.json", "merges.txt", "added_tokens.json", "model.safetensors",
    ]
    private static let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:b2b2\nsize 961143\n"

    @Test("A Git LFS pointer, a web page and nothing at all are told by the file's name", arguments: files)
    func guises(file: String) async throws {
        let guises = [
            (Self.pointer, "git lfs pull"), ("<!DOCTYPE html>\n<html><head>", "web page"),
            ("\n <html>", "web page"), ("", "empty"),
        ]
        for (text, words) in guises {
            let refusal = try #require(try await refusal([file: text]))
            #expect(refusal.hasPrefix("\(file) ") && refusal.contains(words), "\(refusal)")
            #expect(Words.faults(of: refusal) == [])
        }
    }

    @Test(
        "Text in another encoding, and what is no JSON, is told so",
        arguments: files.filter { $0.hasSuffix(".json") }
    )
    func encodings(file: String) async throws {
        let json = Array("{}".utf8)
        let cases: [([UInt8], String)] = [
            ([0xFF, 0xFE] + json.flatMap { [$0, 0] }, "UTF-16"),
            ([0xFE, 0xFF] + json.flatMap { [0, $0] }, "UTF-16"),
            (json.flatMap { [$0, 0] }, "UTF-16"), ([0xEF, 0xBB, 0xBF] + json, "byte order mark"),
            (Array("Entry not found".utf8), "begins with 'entry not found'"), (Array("[1]".utf8), "not JSON"),
        ]
        for (bytes, words) in cases {
            let refusal = try #require(try await refusal(bytes: [file: bytes]))
            #expect(refusal.hasPrefix("\(file) ") && refusal.contains(words), "\(refusal)")
        }
        guard file != "vocab.json" else { return }  // which has to have merges beside it
        let cut = try #require(try await refusal([file: #"{"model": {"vocab": {"a": 1, "#]))
        #expect(cut.hasPrefix(file) && cut.contains("cut off"), "\(cut)")
        #expect(Words.faults(of: cut) == [])
    }

    @Test("Tokens that are added to a vocabulary which is not there are refused")
    func addedToNothing() async throws {
        let added = try #require(try await refusal(["added_tokens.json": #"{"<sks>": 49408}"#]))
        #expect(added.contains("added_tokens.json") && added.contains("<sks>"), "\(added)")
        #expect(try await refusal(["added_tokens.json": #"{"<|endoftext|>": 49407}"#]) == nil)
    }

    @Test("PyTorch's files under the name of safetensors are told so")
    func pickles() async throws {
        for head in [Array("PK\u{3}\u{4}".utf8), [0x80, 0x02, 0x8A, 0x0A]] {
            let refusal = try #require(
                try await refusal(bytes: ["model.safetensors": head + Array(repeating: 0, count: 64)])
            )
            #expect(refusal.hasPrefix("model.safetensors is a file of PyTorch"), "\(refusal)")
        }
    }

    // MARK: Configurations

    private var configuration: String { TinyModel.quick.configurationJSON(.transformers) }

    @Test(
        "A configuration that cannot be followed is refused with file, setting and remedy",
        arguments: [
            (#""model_type": "clip""#, #""model_type": "siglip2""#, "model_type"),
            (#""model_type": "clip""#, #""model_type": "siglip2_vision_model""#, "NaFlex"),
            (#""model_type": "clip""#, #""model_type": "clip_sound_model""#, "clip_sound_model"),
            (
                #""model_type": "clip""#,
                #""model_type": "clip", "quantization_config": {"load_in_8bit": true}"#, "quantization_config"
            ),
            (#""eos_token_id": 49407"#, #""eos_token_id": [49406, 49407]"#, "eos_token_id"),
            (#""eos_token_id": 49407"#, #""eos_token_id": [5]"#, "end-of-text"),
        ]
    )
    func configurations(old: String, new: String, word: String) async throws {
        let changed = configuration.replacing(old, with: new)
        #expect(changed != configuration)
        let refusal = try #require(try await refusal(["config.json": changed]))
        #expect(refusal.contains(word), "\(refusal)")
        #expect(Words.faults(of: refusal) == [], "\(refusal)")
    }

    @Test("A SigLIP without the file that says how images are prepared is refused, and not given CLIP's way")
    func sigLIPWithoutRecipe() async throws {
        let sigLIP = #"{"model_type": "siglip"}"#
        let refusal = try #require(
            try await refusal(["config.json": sigLIP, "preprocessor_config.json": nil])
        )
        #expect(refusal.contains("preprocessor_config.json is not there"), "\(refusal)")
        #expect(Words.faults(of: refusal) == [], "\(refusal)")
    }

    @Test("A list of one end-of-text, and names behind a wrapper's, mean what is plain")
    func plainMeanings() async throws {
        let expected = try await embeddings()
        let listed = configuration.replacing(#""eos_token_id": 49407"#, with: #""eos_token_id": [49407]"#)
        #expect(listed != configuration)
        #expect(try await embeddings(["config.json": listed]) == expected)
        for wrapper in ["module.", "_orig_mod.", "module._orig_mod.", "model."] {
            let wrapped = try await embeddings(changing: { weights in
                weights = Dictionary(weights.map { (wrapper + $0.key, $0.value) }) { first, _ in first }
            })
            #expect(wrapped == expected, "\(wrapper)")
        }
    }
}
