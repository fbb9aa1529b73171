import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

@Suite("Converting a checkpoint")
struct CheckpointConversionTests {
    private let directory: TemporaryDirectory
    private var out: String { "\(directory.path)/out" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func archive(_ names: String...) -> [UInt8] {
        let members = names.flatMap { ArchiveBytes.text($0) + ArchiveBytes.tensor() }
        return ArchiveBytes.archive([0x80, 2] + Array("}(".utf8) + members + Array("u.".utf8))
    }

    private func convert(_ name: String = "", replacing: Bool = false) throws -> CheckpointConversion.Report {
        let source = name.isEmpty ? directory.path : "\(directory.path)/\(name)"
        return try CheckpointConversion(source: source, directory: out, replacing: replacing).run()
    }

    private func names() throws -> [String] {
        try SafetensorsFile(path: "\(out)/model.safetensors").tensorNames.sorted()
    }

    @Test("A directory's checkpoint is converted, and what stands beside it copied")
    func whole() throws {
        try directory.write(archive("vision_model.a", "text_model.a"), to: "pytorch_model.bin")
        try directory.write("not looked at", to: "training_args.bin")
        for name in ["config.json", "vocab.json", "README.md"] {
            try directory.write("{\"\(name)\":1}", to: name)
        }
        let report = try convert()
        #expect(report.files == ["config.json", "vocab.json", "model.safetensors"])
        #expect(report.missingConfiguration == nil && !report.isConfigurationDerived)
        #expect(report.tensorCount == 2)
        #expect(report.byteCount == 48)
        let written = try FileManager.default.contentsOfDirectory(atPath: out).sorted()
        #expect(written == ["config.json", "model.safetensors", "vocab.json"])
        #expect(try String(contentsOfFile: "\(out)/vocab.json", encoding: .utf8) == "{\"vocab.json\":1}")
        #expect(try ModelDirectory(path: out).layout == .transformers)
    }

    @Test("Whatever a model of sentencepiece is called, it is copied, too")
    func models() throws {
        let names = ["spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "sentencepiece.model"]
        try directory.write(archive("visual.a"), to: "last.pt")
        for name in ["open_clip_config.json"] + names { try directory.write("{}", to: name) }
        let files = try convert("last.pt").files
        #expect(Set(files) == Set(names + ["open_clip_config.json", "open_clip_model.safetensors"]))
    }

    @Test("Where a configuration is missing, it is said which")
    func noConfiguration() throws {
        try directory.write(archive("visual.a"), to: "last.pt")
        #expect(try convert("last.pt").missingConfiguration == "open_clip_config.json")
        try directory.write(archive("vision_model.a"), to: "last.pt")
        #expect(try convert("last.pt").missingConfiguration == "config.json")
    }

    @Test("Shards become one file")
    func shards() throws {
        try directory.write(archive("vision_model.a"), to: "one.bin")
        try directory.write(archive("text_model.a", "text_model.b"), to: "two.bin")
        let map = [
            #""vision_model.a":"one.bin""#, #""text_model.a":"two.bin""#, #""text_model.b":"two.bin""#,
        ]
        func write(_ map: [String]) throws -> String {
            try directory.write(
                #"{"weight_map":{\#(map.joined(separator: ","))}}"#,
                to: "pytorch_model.bin.index.json"
            )
        }
        let index = try write(map)
        _ = try convert()
        #expect(try names() == ["text_model.a", "text_model.b", "vision_model.a"])
        _ = try convert("pytorch_model.bin.index.json", replacing: true)

        _ = try write(map + [#""text_model.c":"two.bin""#])
        let absent = WeightError.tensorNotInShard(name: "text_model.c", shard: "\(directory.path)/two.bin")
        #expect(throws: absent) { try convert(replacing: true) }
        _ = try write(map + [#""text_model.c":"three.bin""#])
        let missing = WeightError.missingShards(index: index, names: ["three.bin"], count: 1)
        #expect(throws: missing) { try convert(replacing: true) }
        try directory.write(archive("text_model.a"), to: "three.bin")
        let twice = WeightError.tensorInTwoShards(name: "text_model.a", file: "\(directory.path)/two.bin")
        #expect(throws: twice) { try convert(replacing: true) }
        _ = try write([#""a":"../one.bin""#])
        #expect(throws: WeightError.unsafeShardName(name: "../one.bin", file: index)) {
            try convert(replacing: true)
        }
    }

    @Test("Nothing is overwritten unless it is asked for")
    func overwriting() throws {
        try directory.write(archive("vision_model.a"), to: "pytorch_model.bin")
        try directory.write("{}", to: "config.json")
        _ = try convert("pytorch_model.bin")
        let error = WeightError.outputExists(files: ["config.json", "model.safetensors"])
        #expect(throws: error) { try convert("pytorch_model.bin") }
        try directory.write(archive("vision_model.b"), to: "pytorch_model.bin")
        _ = try convert("pytorch_model.bin", replacing: true)
        #expect(try names() == ["vision_model.b"])
    }

    @Test("The directory that the checkpoint is in may be the one to write to")
    func inPlace() throws {
        try directory.write(archive("vision_model.a"), to: "pytorch_model.bin")
        try directory.write("{}", to: "config.json")
        let report = try CheckpointConversion(
            source: directory.path,
            directory: directory.path + "/",
            replacing: false
        ).run()
        #expect(report.files == ["model.safetensors"])
        #expect(try ModelDirectory(path: directory.path).layout == .transformers)
        #expect(throws: WeightError.alreadySafetensors(path: directory.path)) { try convert() }
    }

    @Test("Directories without a checkpoint, or with several, are refused")
    func ambiguous() throws {
        #expect(throws: WeightError.nothingToConvert(path: directory.path)) { try convert() }
        try directory.write(archive("visual.a"), to: "epoch_1.pt")
        _ = try convert()
        try directory.write(archive("visual.a"), to: "epoch_2.pt")
        let error = WeightError.severalPickles(path: directory.path, files: ["epoch_1.pt", "epoch_2.pt"])
        #expect(throws: error) { try convert(replacing: true) }
        // By their usual names they are told apart.
        try directory.write(archive("visual.b"), to: "open_clip_pytorch_model.bin")
        _ = try convert(replacing: true)
        let file = try SafetensorsFile(path: "\(out)/open_clip_model.safetensors")
        #expect(file.tensorNames == ["visual.b"])
        let absent = "\(directory.path)/absent.pt"
        #expect(throws: WeightError.unreadableFile(path: absent, code: 2)) { try convert("absent.pt") }
    }

    @Test("A place that cannot be written to is named")
    func unwritable() throws {
        try directory.write(archive("visual.a"), to: "a.pt")
        try directory.write("a file", to: "out")
        #expect(throws: WeightError.unwritableFile(path: "\(out)/deeper/", code: 20)) {
            try CheckpointConversion(
                source: "\(directory.path)/a.pt",
                directory: "\(out)/deeper",
                replacing: false
            ).run()
        }
    }

    /// An archive of `torch.jit.save` with tensors of these shapes, all of zeros.
    private func script(_ shapes: KeyValuePairs<String, [Int]>) throws -> String {
        // A tree of modules from the names.
        final class Module {
            var tensors: [(String, [Int])] = []
            var modules: [(name: String, module: Module)] = []
        }
        let root = Module()
        for (name, shape) in shapes {
            var module = root
            let parts = name.split(separator: ".").map(String.init)
            for part in parts.dropLast() {
                if let known = module.modules.first(where: { $0.name == part })?.module {
                    module = known
                } else {
                    let new = Module()
                    module.modules.append((part, new))
                    module = new
                }
            }
            module.tensors.append((parts[parts.count - 1], shape))
        }
        func operations(_ module: Module) -> [UInt8] {
            var bytes = ArchiveBytes.global("__torch__.a", "M") + [0x29, 0x81] + Array("}(".utf8)
            for (name, shape) in module.tensors {
                let strides = [Int](repeating: 0, count: shape.count)
                bytes += ArchiveBytes.text(name) + ArchiveBytes.tensor(shape: shape, strides: strides)
            }
            for (name, inner) in module.modules { bytes += ArchiveBytes.text(name) + operations(inner) }
            return bytes + Array("ub".utf8)
        }
        let pickle = [0x80, 2] + operations(root) + Array(".".utf8)
        let entries: [ArchiveBytes.Entry] = [
            .init(name: "a/data.pkl", content: pickle), .init(name: "a/data/0", content: Array(0..<24)),
            .init(name: "a/constants.pkl", content: [0x80, 2, 0x29, 0x2E]),
        ]
        return try directory.write(ArchiveBytes.zip(entries), to: "script.pt")
    }

    private func configuration(_ shapes: KeyValuePairs<String, [Int]>) throws -> String {
        let report = try CheckpointConversion(source: try script(shapes), directory: out, replacing: true)
            .run()
        #expect(report.isConfigurationDerived && report.missingConfiguration == nil)
        return try String(contentsOfFile: "\(out)/open_clip_config.json", encoding: .utf8)
    }

    @Test("OpenAI's archives get the configuration that follows from their shapes")
    func openAI() throws {
        let found = try configuration([
            "visual.conv1.weight": [128, 3, 16, 16], "visual.positional_embedding": [17, 128],
            "visual.proj": [128, 64],
            "visual.transformer.resblocks.0.attn.in_proj_weight": [3, 2],
            "visual.transformer.resblocks.1.attn.in_proj_weight": [3, 2],
            "transformer.resblocks.0.ln_1.weight": [2], "transformer.resblocks.1.ln_1.weight": [2],
            "transformer.resblocks.2.ln_1.weight": [2], "text_projection": [192, 64],
            "positional_embedding": [77, 192], "token_embedding.weight": [600, 192], "ln_final.weight": [192],
            "input_resolution": [], "context_length": [], "vocab_size": [],
        ])
        let vision = #""vision_cfg": {"image_size": 64, "layers": 2, "width": 128, "patch_size": 16}"#
        for part in [#""embed_dim": 64"#, #""quick_gelu": true"#, vision, #""context_length": 77"#] {
            #expect(found.contains(part), "\(part)")
        }
        for part in [#""vocab_size": 600"#, #""width": 192"#, #""heads": 3"#, #""layers": 3"#] {
            #expect(found.contains(part), "\(part)")
        }
        let names = try SafetensorsFile(path: "\(out)/open_clip_model.safetensors").tensorNames
        #expect(names.count == 12 && !names.contains("vocab_size"))
    }

    @Test("OpenAI's ResNets are known by their layers")
    func openAIResNet() throws {
        let found = try configuration([
            "visual.layer1.0.conv1.weight": [80, 2], "visual.layer1.1.conv1.weight": [80, 2],
            "visual.layer2.0.conv1.weight": [80, 2], "visual.layer3.0.conv1.weight": [80, 2],
            "visual.layer4.0.conv1.weight": [80, 2], "visual.attnpool.positional_embedding": [82, 2],
            "transformer.resblocks.0.ln_1.weight": [2], "text_projection": [640, 64],
            "positional_embedding": [77, 640], "token_embedding.weight": [100, 640], "ln_final.weight": [640],
        ])
        #expect(
            found.contains(#"{"image_size": 288, "layers": [2, 1, 1, 1], "width": 80, "patch_size": null}"#)
        )
    }

    @Test("A scripted model of other shapes is left without a configuration")
    func notOpenAI() throws {
        let report = try CheckpointConversion(
            source: try script(["visual.trunk.a": [2], "text.b": [2]]),
            directory: out,
            replacing: false
        ).run()
        #expect(report.missingConfiguration == "open_clip_config.json" && !report.isConfigurationDerived)
    }
}
