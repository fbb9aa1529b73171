package import Foundation

/// Which of a repository's files make a model.
///
/// | layout | configuration | weights, the first that is there | beside |
/// |---|---|---|---|
/// | OpenCLIP | `open_clip_config.json` | `open_clip_model.safetensors`, `open_clip_pytorch_model.safetensors`, and where there is no `config.json`, `model.safetensors` | tokenizer |
/// | transformers | `config.json` of its own kind | `model.safetensors`, shards with an index, `model.fp16.safetensors`, its shards | tokenizer, preprocessor |
/// | sentence-transformers | `modules.json` leads to a folder of transformers' | | |
///
/// Repositories of timm hold its own `config.json` and `model.safetensors`, of the image tower alone: those are never taken.
package struct CheckpointSelection: Equatable {
    /// Small files, in the order in which they are fetched.
    package var files: [String]
    /// Weights, which come last: where they are whole, all is.
    package var weights: [String]
    /// What was looked for and is not there; cached models are whole without asking for these again.
    package var absent: [String]

    /// What is needed, in the order in which it is fetched.
    package var needed: [String] { files + weights }
    /// The folder that the weights are in, with its slash; nothing for the repository's own.
    var folder: String {
        weights.first.flatMap { name in name.lastIndex(of: "/").map { String(name[...$0]) } } ?? ""
    }

    /// More than any file has that decides what is needed.
    static let mostBytesRead = 64 << 20
    /// More than any file has that is needed beside weights.
    static let mostBytesBeside = 256 << 20

    static let openCLIPConfiguration = "open_clip_config.json"
    static let openCLIPWeights = ["open_clip_model.safetensors", "open_clip_pytorch_model.safetensors"]
    static let transformersWeights = [
        "model.safetensors", "model.safetensors.index.json", "model.fp16.safetensors",
        "model.safetensors.index.fp16.json",
    ]
    static let preprocessors = ["preprocessor_config.json", "processor_config.json"]
    /// What says how texts are split, and what is to be known of that beside.
    package static let tokenizers = vocabularies + tokenizerSettings
    static let vocabularies = [
        "tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model", "spiece.model",
        "sentencepiece.bpe.model", "sentencepiece.model", "bpe_simple_vocab_16e6.txt.gz",
    ]
    static let tokenizerSettings = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]
    /// Every name that weights, or the index of their shards, may have in a layout.
    package static let weightNames = openCLIPWeights + transformersWeights

    /// Whether a file says what the network is.
    static func isConfiguration(_ file: String) -> Bool {
        file == openCLIPConfiguration || file == "config.json" || file.hasSuffix("/config.json")
    }

    /// What can be told of a repository, by its list, by asking for files one by one, or by what is in the cache.
    package struct View {
        /// Whether there is such a file.
        package var exists: (String) throws(HubError) -> Bool
        /// A small file's bytes; nil where they cannot be had.
        package var contents: (String) throws(HubError) -> Data?
        /// All files, for the words of a refusal; empty where nobody knows.
        package var all: [String] = []
        /// Why no network can be made of a configuration, in a sentence; nil where one can, or nobody here knows.
        package var judge: (_ file: String, _ bytes: [UInt8]) -> String? = { _, _ in nil }

        package init(
            exists: @escaping (String) throws(HubError) -> Bool,
            contents: @escaping (String) throws(HubError) -> Data?,
            all: [String] = [],
            judge: @escaping (_ file: String, _ bytes: [UInt8]) -> String? = { _, _ in nil }
        ) {
            self.exists = exists
            self.contents = contents
            self.all = all
            self.judge = judge
        }
    }

    /// Chooses.
    ///
    /// - Throws: `noUsableFiles`, and what the view throws.
    package init(of repository: HubRepository, _ view: View) throws(HubError) {
        (files, weights, absent) = ([], [], [])
        let hasOpenCLIP = try view.exists(Self.openCLIPConfiguration)
        let isTimms = repository.owner == "timm"
        if hasOpenCLIP {
            var names = Self.openCLIPWeights
            if !isTimms, try !view.exists("config.json") { names.append("model.safetensors") }
            if try take(oneOf: names, view) {
                if let defect = try Self.verdict(on: Self.openCLIPConfiguration, of: repository, view) {
                    throw .noUsableFiles("\(repository)", defect)
                }
                files.append(Self.openCLIPConfiguration)
                try take(anyOf: Self.tokenizers, view)
                return
            }
        }
        // Of a configuration that is there but no CLIP's.
        var defect: FileDefect?
        var hasFolder = false
        if !isTimms, try view.exists("config.json") {
            defect = try Self.defect(ofConfiguration: "config.json", of: repository, view)
            if defect == nil, try takeTransformers(in: "", of: repository, view) { return }
        }
        if try view.exists("modules.json"), let data = try view.contents("modules.json"),
            let folder = HubJSON.clipFolder(data)
        {
            files.append("modules.json")
            if try view.exists("\(folder)/config.json") {
                hasFolder = true
                defect = try Self.defect(ofConfiguration: "\(folder)/config.json", of: repository, view)
                if defect == nil, try takeTransformers(in: folder + "/", of: repository, view) { return }
            }
        }
        throw .noUsableFiles(
            "\(repository)",
            defect ?? Self.defect(hasConfiguration: hasOpenCLIP || hasFolder, isTimms: isTimms, view)
        )
    }

    private static func defect(
        ofConfiguration file: String,
        of repository: HubRepository,
        _ view: View
    ) throws(HubError) -> FileDefect? {
        guard let data = try view.contents(file) else {
            throw .noUsableFiles("\(repository)", .unreadable(file))
        }
        return HubJSON.defect(ofConfiguration: data, file: file)
            ?? view.judge(file, [UInt8](data)).map { .notBuilt(file: file, reason: $0) }
    }

    /// What those say of a configuration who build networks; weights, which are large, wait for it.
    private static func verdict(
        on file: String,
        of repository: HubRepository,
        _ view: View
    ) throws(HubError) -> FileDefect? {
        guard let data = try view.contents(file) else {
            throw .noUsableFiles("\(repository)", .unreadable(file))
        }
        return view.judge(file, [UInt8](data)).map { .notBuilt(file: file, reason: $0) }
    }

    private mutating func takeTransformers(
        in folder: String,
        of repository: HubRepository,
        _ view: View
    ) throws(HubError) -> Bool {
        guard try take(oneOf: Self.transformersWeights.map { folder + $0 }, view) else { return false }
        if let index = weights.first, index.hasSuffix(".json") {
            guard let data = try view.contents(index), let shards = HubJSON.shards(data) else {
                throw .noUsableFiles("\(repository)", .unreadable(index))
            }
            files.append(index)
            weights = shards.sorted().map { folder + $0 }
        }
        files.append(folder + "config.json")
        try take(anyOf: (Self.preprocessors + Self.tokenizers).map { folder + $0 }, view)
        return true
    }

    private mutating func take(oneOf names: [String], _ view: View) throws(HubError) -> Bool {
        for name in names where try view.exists(name) {
            weights = [name]
            return true
        }
        return false
    }

    private mutating func take(anyOf names: [String], _ view: View) throws(HubError) {
        for name in names {
            if try view.exists(name) { files.append(name) } else { absent.append(name) }
        }
    }

    private static func defect(hasConfiguration: Bool, isTimms: Bool, _ view: View) -> FileDefect {
        let files = view.all.filter { !$0.hasPrefix(".git") }.sorted()
        let pickles = files.filter { name in
            [".bin", ".pt", ".pth", ".ckpt", ".pkl"].contains { name.hasSuffix($0) }
        }
        if !pickles.isEmpty, isTimms || !files.contains(where: { $0.hasSuffix(".safetensors") }) {
            return .onlyPickles(pickles)
        }
        return hasConfiguration || (files.contains("config.json") && !isTimms)
            ? .noWeights(files) : .noConfiguration(files)
    }
}
