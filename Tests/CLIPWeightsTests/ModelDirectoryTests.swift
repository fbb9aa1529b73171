import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

@Suite("A model directory")
struct ModelDirectoryTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func write(_ names: String...) throws {
        for name in names {
            let isWeights = name.hasSuffix(".safetensors")
            let weights = SafetensorsBytes.file([.init(name, [1], floats: [1])])
            try directory.write(isWeights ? weights : Array(#"{"file":"\#(name)"}"#.utf8), to: name)
        }
    }

    private func open() throws -> ModelDirectory {
        try ModelDirectory(path: directory.path)
    }

    private func contents(_ name: String) -> [UInt8] {
        Array(#"{"file":"\#(name)"}"#.utf8)
    }

    @Test("The transformers layout is found, with its preprocessing")
    func transformers() throws {
        try write("config.json", "model.safetensors", "preprocessor_config.json", "vocab.json")
        let model = try open()
        #expect(model.layout == .transformers)
        #expect(model.path == directory.path)
        #expect(try model.configuration() == contents("config.json"))
        let preprocessors = try model.preprocessorConfigurations()
        #expect(preprocessors.map(\.name) == ["preprocessor_config.json"])
        #expect(preprocessors.map(\.json) == [contents("preprocessor_config.json")])
        #expect(try model.weights().tensorNames == ["model.safetensors"])
    }

    @Test("What newer versions of transformers write counts before what older ones did")
    func processor() throws {
        try write("config.json", "model.safetensors", "preprocessor_config.json", "processor_config.json")
        #expect(
            try open().preprocessorConfigurations().map(\.name) == [
                "processor_config.json", "preprocessor_config.json",
            ]
        )
    }

    @Test("A preprocessor configuration may be absent")
    func noPreprocessor() throws {
        try write("config.json", "model.safetensors")
        #expect(try open().preprocessorConfigurations().isEmpty)
    }

    @Test("The OpenCLIP layout is found, with what stands beside it for transformers")
    func openCLIP() throws {
        try write("open_clip_config.json", "open_clip_model.safetensors", "preprocessor_config.json")
        let model = try ModelDirectory(path: directory.path + "/")
        #expect(model.layout == .openCLIP)
        #expect(try model.configuration() == contents("open_clip_config.json"))
        #expect(try model.preprocessorConfigurations().map(\.name) == ["preprocessor_config.json"])
        #expect(try model.weights().tensorNames == ["open_clip_model.safetensors"])
    }

    @Test("Of two complete layouts OpenCLIP's is used")
    func both() throws {
        try write("config.json", "model.safetensors", "open_clip_config.json", "open_clip_model.safetensors")
        #expect(try open().layout == .openCLIP)
    }

    @Test("A complete layout is used where the other one is not complete")
    func oneComplete() throws {
        try write("config.json", "model.safetensors", "open_clip_config.json")
        #expect(try open().layout == .transformers)
    }

    @Test("Shards are opened through their index, and a whole file is preferred")
    func shards() throws {
        try write("config.json", "one.safetensors")
        let index = #"{"weight_map":{"one.safetensors":"one.safetensors"}}"#
        try directory.write(index, to: "model.safetensors.index.json")
        #expect(try open().layout == .transformers)
        #expect(try open().weights().tensorNames == ["one.safetensors"])
        try write("model.safetensors")
        #expect(try open().weights().tensorNames == ["model.safetensors"])
    }

    @Test("Symbolic links are followed, as a Hugging Face cache needs")
    func links() throws {
        let tensor = SafetensorsBytes.Tensor("a", [1], floats: [4])
        let weights = try directory.write(SafetensorsBytes.file([tensor]), to: "blob")
        try write("config.json")
        try FileManager.default.createSymbolicLink(
            atPath: "\(directory.path)/model.safetensors",
            withDestinationPath: weights
        )
        #expect(try open().weights().tensor(named: "a")?.floats() == [4])
    }

    @Test("A path that is no directory is refused")
    func notADirectory() throws {
        let file = try directory.write("{}", to: "config.json")
        #expect(throws: WeightError.notADirectory(path: file)) { try ModelDirectory(path: file) }
        let absent = "\(directory.path)/absent"
        #expect(throws: WeightError.notADirectory(path: absent)) { try ModelDirectory(path: absent) }
        #expect(throws: WeightError.notADirectory(path: "")) { try ModelDirectory(path: "") }
    }

    @Test("An incomplete model is refused with what was looked for")
    func incomplete() throws {
        let all = [
            "open_clip_config.json", "open_clip_model.safetensors", "open_clip_pytorch_model.safetensors",
            "model.safetensors", "config.json", "model.safetensors.index.json", "model.fp16.safetensors",
            "model.safetensors.index.fp16.json",
        ]
        #expect(throws: WeightError.modelNotFound(path: directory.path, missing: all)) { try open() }
        try write("open_clip_config.json")
        #expect(throws: WeightError.modelNotFound(path: directory.path, missing: Array(all[1...]))) {
            try open()
        }
        try write("model.safetensors", "pytorch_model.bin")
        let missing = all.filter { !["open_clip_config.json", "model.safetensors"].contains($0) }
        #expect(throws: WeightError.modelNotFound(path: directory.path, missing: missing)) { try open() }
    }

    @Test(
        "Weights that are only pickles are refused, and named",
        arguments: ["pytorch_model.bin", "ViT-B-32.pt", "model.pth", "last.ckpt", "weights.pkl"]
    )
    func pickles(name: String) throws {
        try write("config.json", name)
        let error = WeightError.pickledWeightsOnly(path: directory.path, files: [name])
        #expect(throws: error) { try open() }
        #expect(error.description.contains("clip convert \(directory.path) NEW_DIRECTORY"))
        // Named themselves, too.
        let path = "\(directory.path)/\(name)"
        #expect(throws: WeightError.pickledWeightsOnly(path: path, files: [name])) {
            try ModelDirectory(path: path)
        }
    }

    // MARK: Other names

    /// A weights file whose tensors are named as one of the layouts does.
    private func write(_ name: String, tensors: [String]) throws {
        try directory.write(
            SafetensorsBytes.file(tensors.map { .init($0, [1], floats: [1]) }),
            to: name
        )
    }

    @Test(
        "Weights have other names, too, the usual one first",
        arguments: [
            ("open_clip_config.json", "open_clip_pytorch_model.safetensors", "open_clip_model.safetensors"),
            ("config.json", "model.fp16.safetensors", "model.safetensors"),
        ]
    )
    func otherNames(configuration: String, other: String, usual: String) throws {
        try write(configuration, other)
        #expect(try open().weights().tensorNames == [other])
        try write(usual)
        #expect(try open().weights().tensorNames == [usual])
    }

    @Test("Shards of a variant are opened through its index")
    func variantShards() throws {
        try write("config.json", "one.safetensors")
        let index = #"{"weight_map":{"one.safetensors":"one.safetensors"}}"#
        try directory.write(index, to: "model.safetensors.index.fp16.json")
        #expect(try open().weights().tensorNames == ["one.safetensors"])
    }

    @Test("Under the name of transformers, OpenCLIP's weights are told by their tensors")
    func namesDecide() throws {
        try write("open_clip_config.json", "config.json")
        try write("model.safetensors", tensors: ["module.visual.proj", "module.token_embedding.weight"])
        #expect(try open().layout == .openCLIP)
        #expect(try open().weights().tensorNames == ["token_embedding.weight", "visual.proj"])
        try write("model.safetensors", tensors: ["vision_model.a", "visual_projection.weight"])
        #expect(try open().layout == .transformers)
        try write("open_clip_pytorch_model.safetensors", tensors: ["visual.proj"])
        #expect(try open().weights().tensorNames == ["visual.proj"])
    }

    @Test("A file that is named is used, with the configuration beside it")
    func namedFile() throws {
        try write("config.json", "model.safetensors")
        try write("other.safetensors", tensors: ["vision_model.a", "text_model.a"])
        let path = "\(directory.path)/other.safetensors"
        let model = try ModelDirectory(path: path)
        #expect(model.path == directory.path)
        #expect(model.layout == .transformers)
        #expect(try model.configuration() == contents("config.json"))
        #expect(try model.weights().tensorNames == ["text_model.a", "vision_model.a"])
        // Of two configurations its tensors choose.
        try write("open_clip_config.json", "open_clip_model.safetensors")
        #expect(try ModelDirectory(path: path).layout == .transformers)
        try write("other.safetensors", tensors: ["visual.a", "text.a"])
        #expect(try ModelDirectory(path: path).configuration() == contents("open_clip_config.json"))
    }

    @Test("A weights file that is not there is told so")
    func absentFile() throws {
        let path = "\(directory.path)/absent.safetensors"
        #expect(throws: WeightError.unreadableFile(path: path, code: 2)) { try ModelDirectory(path: path) }
    }

    @Test("A file without a configuration beside it is refused with what was looked for")
    func fileAlone() throws {
        try write("model.safetensors")
        let path = "\(directory.path)/model.safetensors"
        let error = WeightError.configurationNotFound(
            file: path,
            missing: ["open_clip_config.json", "config.json"]
        )
        #expect(throws: error) { try ModelDirectory(path: path) }
    }

    @Test("A training wrapper's prefix is taken off where all tensors have it, and nowhere else")
    func wrappers() throws {
        try write("config.json")
        try write(
            "model.safetensors",
            tensors: [
                "module._orig_mod.vision_model.a",
                "module._orig_mod.text_model.a",
            ]
        )
        #expect(try open().weights().tensorNames == ["text_model.a", "vision_model.a"])
        try write("model.safetensors", tensors: ["module.vision_model.a", "text_model.a"])
        #expect(try open().weights().tensorNames == ["module.vision_model.a", "text_model.a"])
    }

    // MARK: What others write

    private func writeModules(_ path: String, type: String = "sentence_transformers.models.CLIPModel") throws
    {
        try directory.write(
            #"[{"idx":0,"name":"0","path":"\#(path)","type":"\#(type)"}]"#,
            to: "modules.json"
        )
    }

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: "\(directory.path)/\(name)",
            withIntermediateDirectories: true
        )
    }

    @Test("A folder of sentence-transformers leads to its model")
    func sentenceTransformers() throws {
        try writeModules("0_CLIPModel")
        try makeFolder("0_CLIPModel")
        try write("0_CLIPModel/config.json", "0_CLIPModel/model.safetensors")
        let model = try open()
        #expect(model.path == "\(directory.path)/0_CLIPModel")
        #expect(try model.weights().tensorNames == ["0_CLIPModel/model.safetensors"])
        // Newer versions keep it at the root.
        try writeModules("")
        try write("config.json", "model.safetensors")
        #expect(try open().path == directory.path)
    }

    @Test("A folder of sentence-transformers that has only pickles is refused by the folder's name")
    func sentenceTransformersPickles() throws {
        try writeModules("0_CLIPModel")
        try makeFolder("0_CLIPModel")
        try write("0_CLIPModel/config.json", "0_CLIPModel/pytorch_model.bin")
        let error = WeightError.pickledWeightsOnly(
            path: "\(directory.path)/0_CLIPModel",
            files: ["pytorch_model.bin"]
        )
        #expect(throws: error) { try open() }
    }

    @Test(
        "Other modules of sentence-transformers, and paths out of the folder, are refused",
        arguments: [
            (
                "0_Transformer", "sentence_transformers.models.Transformer",
                "sentence_transformers.models.Transformer"
            ),
            ("0_CLIPModel", "other.CLIPModel", "other.CLIPModel"),
            ("..", "sentence_transformers.models.CLIPModel", ".."),
            ("/etc", "sentence_transformers.models.CLIPModel", "/etc"),
            ("a/../../b", "sentence_transformers.models.CLIPModel", "a/../../b"),
        ]
    )
    func otherModules(path: String, type: String, found: String) throws {
        try writeModules(path, type: type)
        let error = WeightError.otherModules(path: "\(directory.path)/modules.json", found: found)
        #expect(throws: error) { try open() }
    }

    @Test("A list of modules that is none is refused", arguments: ["{}", "[]", "[", "[1]"])
    func noModules(json: String) throws {
        try directory.write(json, to: "modules.json")
        let error = WeightError.otherModules(
            path: "\(directory.path)/modules.json",
            found: "no list of modules"
        )
        #expect(throws: error) { try open() }
    }

    @Test("Timm's own configuration is told from a model's")
    func timm() throws {
        let configuration =
            #"{"architecture":"vit_base_patch32_clip_224","num_classes":512,"pretrained_cfg":{"x":[1]}}"#
        try directory.write(configuration, to: "config.json")
        #expect(throws: WeightError.timmConfiguration(path: directory.path)) { try open() }
        try write("model.safetensors")
        #expect(throws: WeightError.timmConfiguration(path: directory.path)) { try open() }
        // Its repositories have OpenCLIP's files beside, which are meant.
        try write("open_clip_config.json", "open_clip_model.safetensors")
        #expect(try open().layout == .openCLIP)
    }

    @Test("Shards that are not there are named together")
    func missingShards() throws {
        try write("config.json", "two.safetensors")
        let map = (1...12).map { #""\#($0)":"\#($0).safetensors""# } + [#""two":"two.safetensors""#]
        let index = try directory.write(
            #"{"weight_map":{\#(map.joined(separator: ","))}}"#,
            to: "model.safetensors.index.json"
        )
        let names = (1...12).map { "\($0).safetensors" }.sorted()
        let error = WeightError.missingShards(index: index, names: Array(names.prefix(10)), count: 12)
        #expect(throws: error) { try open().weights() }
    }

    @Test("A configuration has a size limit")
    func configurationLimit() throws {
        try write("config.json", "model.safetensors", "preprocessor_config.json")
        for name in ["config.json", "preprocessor_config.json"] {
            #expect(truncate("\(directory.path)/\(name)", 1 << 20) == 0)
        }
        #expect(try open().configuration().count == 1 << 20)
        for name in ["config.json", "preprocessor_config.json"] {
            #expect(truncate("\(directory.path)/\(name)", 1 << 20 + 1) == 0)
        }
        let tooLarge = { (name: String) in
            WeightError.fileTooLarge(
                path: "\(directory.path)/\(name)",
                byteCount: 1 << 20 + 1,
                limit: 1 << 20
            )
        }
        #expect(throws: tooLarge("config.json")) { try open().configuration() }
        #expect(throws: tooLarge("preprocessor_config.json")) { try open().preprocessorConfigurations() }
    }

    @Test("What is named like a file but is none is refused when it is read")
    func notRegular() throws {
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory.path)/\(name)",
                withIntermediateDirectories: false
            )
        }
        #expect(throws: WeightError.notARegularFile(path: "\(directory.path)/config.json")) {
            try open().configuration()
        }
        #expect(throws: WeightError.notARegularFile(path: "\(directory.path)/model.safetensors")) {
            try open().weights()
        }
    }

    @Test("Weights that lie are refused by their path")
    func lyingWeights() throws {
        try write("config.json")
        let path = try directory.write([], to: "model.safetensors")
        #expect(throws: WeightError.fileTooSmall(file: path, byteCount: 0)) { try open().weights() }
    }
}
