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
            "open_clip_config.json", "open_clip_model.safetensors", "config.json", "model.safetensors",
            "model.safetensors.index.json",
        ]
        #expect(throws: WeightError.modelNotFound(path: directory.path, missing: all)) { try open() }
        try write("open_clip_config.json")
        #expect(throws: WeightError.modelNotFound(path: directory.path, missing: Array(all[1...]))) {
            try open()
        }
        try write("model.safetensors", "pytorch_model.bin")
        let missing = ["open_clip_model.safetensors", "config.json", "model.safetensors.index.json"]
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
        #expect(error.description.contains("save_pretrained"))
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
