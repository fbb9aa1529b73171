internal import CLIPImaging
internal import CLIPModels
internal import CLIPTokenization
internal import CLIPWeights
internal import Glibc

extension Parser {
    // MARK: Weights

    /// Reads a header, and now and then a whole file; entries have to lie within the data, one behind the other.
    static func readSafetensors(_ bytes: [UInt8]) {
        let name = "model.safetensors"
        let dataByteCount = bytes.prefix(2).reduce(0) { $0 << 8 | Int($1) }
        if let header = try? SafetensorsHeader(
            json: Array(bytes.dropFirst(2)),
            dataByteCount: dataByteCount,
            file: name
        ) {
            var end = 0
            for entry in header.entries {
                precondition(entry.bytes.lowerBound >= end, "Tensors overlap.")
                end = max(end, entry.bytes.upperBound)
            }
            precondition(end <= dataByteCount, "A tensor lies behind its file.")
        }
        guard bytes.count.isMultiple(of: 8) else { return }
        let path = Folder.shared.write(bytes, as: name)
        if let file = try? SafetensorsFile(path: path) { _ = file.tensor(named: "a") }
        _ = try? Checkpoint(indexPath: path)
    }

    // MARK: Vocabularies

    /// The first byte says which files the rest is; a zero byte divides two.
    static func readTokenizer(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let folder = Folder.shared
        folder.clear()
        let rest = bytes.dropFirst()
        switch first % 3 {
        case 0:
            let halves = rest.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
            _ = folder.write(Array(halves[0]), as: "vocab.json")
            _ = folder.write(halves.count > 1 ? Array(halves[1]) : [], as: "merges.txt")
        case 1: _ = folder.write(Array(rest), as: "tokenizer.json")
        default: _ = folder.write(Array(rest), as: "bpe_simple_vocab_16e6.txt.gz")
        }
        guard let vocabulary = try? Vocabulary(directory: folder.path) else { return }
        let tokenizer = CaptionTokenizer(vocabulary: vocabulary)
        guard let tokens = try? tokenizer.tokens(for: "a photo of a cat, 고양이 <|endoftext|>") else { return }
        precondition(
            tokens.ids.allSatisfy { (0..<vocabulary.count).contains(Int($0)) },
            "A token has no row."
        )
    }

    /// Tokenises a text with OpenAI's vocabulary.
    static func readText(_ bytes: [UInt8]) {
        guard let tokens = try? tokenizer?.tokens(for: String(decoding: bytes, as: UTF8.self)) else { return }
        precondition((2...77).contains(tokens.ids.count), "A text has \(tokens.ids.count) tokens.")
    }

    private static let tokenizer = (try? Vocabulary.openAI()).map { CaptionTokenizer(vocabulary: $0) }

    // MARK: Settings

    /// Reads settings in every form that there is.
    static func readConfiguration(_ bytes: [UInt8]) {
        let configurations = [
            try? ModelConfiguration(openCLIPConfig: bytes),
            try? ModelConfiguration(transformersConfig: bytes),
        ]
        for configuration in configurations.compactMap({ $0 }) {
            precondition(
                configuration.vision.imageSize > 0 && configuration.vision.imageSize < 1 << 20,
                "An image size is absurd."
            )
        }
        _ = try? PreprocessingRecipe(preprocessorConfig: bytes)
        _ = try? PreprocessingRecipe(processorConfig: bytes)
        _ = try? PreprocessingRecipe(openCLIPConfig: bytes, imageSize: 224)
    }
}

/// A directory of this process's own, in memory where there is one.
struct Folder {
    static let shared = Folder()

    let path: String

    private init() {
        let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(parent)/clip-fuzz-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { preconditionFailure("There is no place for files.") }
        path = String(cString: made)
    }

    func clear() {
        for name in ["vocab.json", "merges.txt", "tokenizer.json", "bpe_simple_vocab_16e6.txt.gz"] {
            unlink(path + "/" + name)
        }
    }

    func write(_ bytes: [UInt8], as name: String) -> String {
        let file = path + "/" + name
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        precondition(descriptor >= 0, "A file cannot be written.")
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        precondition(written == bytes.count, "A file is cut.")
        close(descriptor)
        return file
    }
}
