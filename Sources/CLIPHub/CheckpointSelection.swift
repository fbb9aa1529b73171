package import Foundation

/// The files of a repository that make a model.
///
/// | layout | configuration | weights, the first that exist | other files |
/// |---|---|---|---|
/// | OpenCLIP | `open_clip_config.json` | `open_clip_model.safetensors`, `open_clip_pytorch_model.safetensors`, and without a `config.json`, `model.safetensors` | tokenizer |
/// | transformers | `config.json` of its own kind | `model.safetensors`, shards with an index, `model.fp16.safetensors`, its shards | tokenizer, preprocessor |
/// | sentence-transformers | `modules.json` leads to a folder of transformers' | | |
///
/// Repositories of timm have a `config.json` and a `model.safetensors` of the image tower alone; those are never used.
package struct CheckpointSelection: Equatable {
    /// The small files, in the order in which they are fetched.
    package var files: [String]
    /// The weights, which are fetched last, so that complete weights mean a complete model.
    package var weights: [String]
    /// Files that were looked for and do not exist; a cached model is complete without asking for them again.
    package var absent: [String]

    /// The files that are needed, in the order in which they are fetched.
    package var needed: [String] { files + weights }
    /// The folder of the weights, with its slash; empty for the repository's own.
    var folder: String {
        weights.first.flatMap { name in name.lastIndex(of: "/").map { String(name[...$0]) } } ?? ""
    }

    /// The most bytes of a file that decides what is needed.
    static let mostBytesRead = 64 << 20
    /// The most bytes of any other file except weights.
    static let mostBytesBeside = 256 << 20

    static let openCLIPConfiguration = "open_clip_config.json"
    static let openCLIPWeights = ["open_clip_model.safetensors", "open_clip_pytorch_model.safetensors"]
    static let transformersWeights = [
        "model.safetensors", "model.safetensors.index.json", "model.fp16.safetensors",
        "model.safetensors.index.fp16.json",
    ]
    static let preprocessors = ["preprocessor_config.json", "processor_config.json"]
    /// The files that say how texts are split, and the settings for them.
    package static let tokenizers = vocabularies + tokenizerSettings
    static let vocabularies = [
        "tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model", "spiece.model",
        "sentencepiece.bpe.model", "sentencepiece.model", "bpe_simple_vocab_16e6.txt.gz",
    ]
    static let tokenizerSettings = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]
    /// Every name that the weights, or the index of their shards, may have in a layout.
    package static let weightNames = openCLIPWeights + transformersWeights

    /// Whether a file describes the network.
    static func isConfiguration(_ file: String) -> Bool {
        file == openCLIPConfiguration || file == "config.json" || file.hasSuffix("/config.json")
    }

    /// What is known of a repository: by its list, by asking for single files, or by what is in the cache.
    package struct View {
        /// Whether a file exists.
        package var exists: (String) throws(HubError) -> Bool
        /// The bytes of a small file; nil if they are not available.
        package var contents: (String) throws(HubError) -> Data?
        /// The names of all files, for the words of a refusal; empty if they are not known.
        package var all: [String] = []
        /// Why no network can be made of a configuration, in a sentence; nil if one can, or if it is not known.
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

    /// Selects the files.
    ///
    /// - Throws: `noUsableFiles`, and any error of the view.
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
        // This is the defect of a configuration that exists but is not a CLIP's.
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

    /// The judgement on a configuration by the code that builds networks, obtained before the large weights are
    /// fetched.
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
