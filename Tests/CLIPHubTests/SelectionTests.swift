import CLIPHub
import Foundation
import Testing

@Suite("Which files of a repository are fetched")
struct SelectionTests {
    private func selection(
        _ repository: String,
        _ files: [String: String],
        judge: @escaping (String, [UInt8]) -> String? = { _, _ in nil }
    ) throws -> CheckpointSelection {
        try CheckpointSelection(
            of: HubRepository(repository),
            CheckpointSelection.View(
                exists: { files[$0] != nil },
                contents: { files[$0].map { Data($0.utf8) } },
                all: Array(files.keys),
                judge: judge
            )
        )
    }

    private let clip = #"{"model_type": "clip"}"#

    @Test("Of timm's repositories only OpenCLIP's files, never its own")
    func timm() throws {
        let chosen = try selection(
            "timm/x",
            [
                "open_clip_config.json": "{}", "open_clip_model.safetensors": "", "config.json": clip,
                "model.safetensors": "", "vocab.json": "", "README.md": "", "open_clip_pytorch_model.bin": "",
            ]
        )
        #expect(chosen.weights == ["open_clip_model.safetensors"])
        #expect(chosen.files == ["open_clip_config.json", "vocab.json"])
        #expect(chosen.absent.contains("tokenizer.json"))
        #expect(throws: HubError.self) {
            try selection(
                "timm/x",
                ["config.json": clip, "model.safetensors": "", "open_clip_config.json": ""]
            )
        }
    }

    @Test("OpenCLIP's weights under their other names")
    func otherNames() throws {
        let third = try selection(
            "a/b",
            ["open_clip_config.json": "", "open_clip_pytorch_model.safetensors": "", "model.safetensors": ""]
        )
        #expect(third.weights == ["open_clip_pytorch_model.safetensors"])
        let plain = try selection("a/b", ["open_clip_config.json": "", "model.safetensors": ""])
        #expect(plain.weights == ["model.safetensors"])
        let both = try selection(
            "laion/x",
            ["open_clip_config.json": "", "config.json": clip, "model.safetensors": ""]
        )
        #expect(both.files.contains("config.json") && !both.files.contains("open_clip_config.json"))
    }

    @Test("Shards by their index, and half precision where there is nothing else")
    func transformers() throws {
        let index =
            #"{"weight_map": {"a": "model-2.safetensors", "b": "model-1.safetensors", "c": "model-1.safetensors"}}"#
        let shards = try selection(
            "a/b",
            ["config.json": clip, "model.safetensors.index.json": index, "preprocessor_config.json": ""]
        )
        #expect(shards.weights == ["model-1.safetensors", "model-2.safetensors"])
        #expect(shards.files == ["model.safetensors.index.json", "config.json", "preprocessor_config.json"])
        let half = try selection("a/b", ["config.json": clip, "model.fp16.safetensors": ""])
        #expect(half.weights == ["model.fp16.safetensors"])
        let halves = try selection(
            "a/b",
            ["config.json": clip, "model.safetensors.index.fp16.json": index, "model-1.safetensors": ""]
        )
        #expect(halves.weights == shards.weights)
        #expect(halves.files.contains("model.safetensors.index.fp16.json"))
    }

    @Test(
        "A vocabulary is taken in whatever form it is there",
        arguments: [
            "tokenizer.json", "spiece.model", "tokenizer.model", "sentencepiece.model",
            "sentencepiece.bpe.model", "bpe_simple_vocab_16e6.txt.gz",
        ]
    )
    func vocabularies(name: String) throws {
        for files in [
            ["config.json": clip, "model.safetensors": "", name: ""],
            ["open_clip_config.json": "{}", "open_clip_model.safetensors": "", name: ""],
        ] {
            #expect(try selection("a/b", files).files.contains(name))
        }
    }

    @Test("A configuration that is refused by who builds networks is refused before weights are asked for")
    func judged() throws {
        let folder = [
            "modules.json": #"[{"path": "0", "type": "sentence_transformers.models.CLIPModel"}]"#,
            "0/config.json": clip, "0/model.safetensors": "",
        ]
        for (files, name) in [
            (["config.json": clip, "model.safetensors": ""], "config.json"),
            (
                ["open_clip_config.json": "{}", "open_clip_model.safetensors": "", "config.json": clip],
                "open_clip_config.json"
            ), (folder, "0/config.json"),
        ] {
            let defect = FileDefect.notBuilt(file: name, reason: "Not \(name).")
            #expect(throws: HubError.noUsableFiles("a/b", defect)) {
                try selection("a/b", files) { file, _ in "Not \(file)." }
            }
            #expect(try selection("a/b", files).weights.count == 1)
        }
        // A root that is another's leaves the folder.
        let both = folder.merging(["config.json": clip, "model.safetensors": ""]) { $1 }
        let chosen = try selection("a/b", both) { file, _ in file == "config.json" ? "No." : nil }
        #expect(chosen.weights == ["0/model.safetensors"])
    }

    @Test(
        "An index that leads elsewhere is refused",
        arguments: [
            "../x.safetensors", "a/b", "/etc/passwd", "", "config.json", "model.bin", "a/b.safetensors",
        ]
    )
    func hostileIndex(name: String) {
        let index = #"{"weight_map": {"a": "\#(name)"}}"#
        #expect(throws: HubError.noUsableFiles("a/b", .unreadable("model.safetensors.index.json"))) {
            try selection("a/b", ["config.json": clip, "model.safetensors.index.json": index])
        }
    }

    @Test("The folder of a sentence-transformers repository, by its modules.json")
    func sentences() throws {
        let modules = #"[{"path": "0_CLIPModel", "type": "sentence_transformers.models.CLIPModel"}]"#
        let chosen = try selection(
            "a/b",
            [
                "modules.json": modules, "0_CLIPModel/config.json": clip, "0_CLIPModel/model.safetensors": "",
                "0_CLIPModel/merges.txt": "", "0_CLIPModel/vocab.json": "",
            ]
        )
        #expect(chosen.weights == ["0_CLIPModel/model.safetensors"])
        #expect(
            chosen.files == [
                "modules.json", "0_CLIPModel/config.json", "0_CLIPModel/vocab.json", "0_CLIPModel/merges.txt",
            ]
        )
    }

    @Test("A repository without usable files is refused with what it has")
    func refusals() throws {
        #expect(throws: HubError.noUsableFiles("a/b", .onlyPickles(["pytorch_model.bin"]))) {
            try selection("a/b", ["config.json": clip, "pytorch_model.bin": ""])
        }
        #expect(throws: HubError.noUsableFiles("a/b", .noConfiguration(["README.md", "x.onnx"]))) {
            try selection("a/b", ["README.md": "", "x.onnx": "", ".gitattributes": ""])
        }
        #expect(throws: HubError.noUsableFiles("a/b", .noWeights(["config.json", "x.safetensors"]))) {
            try selection("a/b", ["config.json": clip, "x.safetensors": ""])
        }
        let modules = #"[{"path": "0", "type": "sentence_transformers.models.CLIPModel"}]"#
        #expect(throws: HubError.noUsableFiles("a/b", .noWeights(["0/config.json", "modules.json"]))) {
            try selection("a/b", ["modules.json": modules, "0/config.json": clip])
        }
        let files = ["open_clip_config.json": "", "model.safetensors": ""]
        for (text, defect) in [
            ("{}", FileDefect.foreignConfiguration("config.json")),
            (#"{"architecture": "vit"}"#, .foreignConfiguration("config.json")),
            ("[1", .unreadable("config.json")),
        ] {
            #expect(throws: HubError.noUsableFiles("a/b", defect)) {
                try selection("a/b", files.merging(["config.json": text]) { $1 })
            }
        }
        #expect(throws: HubError.noUsableFiles("timm/x", .onlyPickles(["open_clip_pytorch_model.bin"]))) {
            try selection(
                "timm/x",
                ["open_clip_config.json": "", "open_clip_pytorch_model.bin": "", "model.safetensors": ""]
            )
        }
    }
}
