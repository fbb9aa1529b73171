internal import CLIPEngine
internal import CLIPImaging
internal import CLIPModels
internal import CLIPTokenization
internal import CLIPWeights
internal import Glibc
internal import Synchronization

extension Parser {
    // MARK: Weights

    /// Reads a header, and sometimes a whole file; entries have to lie within the data, one after the other.
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
        if bytes.first == UInt8(ascii: "{") { readShardIndex(bytes) }
        guard bytes.count.isMultiple(of: 8) else { return }
        let path = Folder.shared.write(bytes, as: name)
        if let file = try? SafetensorsFile(path: path) { _ = file.tensor(named: "a") }
    }

    /// Reads an index of shards, two of which exist; every tensor that it finds has to be where the index says.
    private static func readShardIndex(_ bytes: [UInt8]) {
        let folder = Folder.shared
        for (number, tensor) in ["a", "b"].enumerated() {
            let json = Array("{\"\(tensor)\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}".utf8)
            let length = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) }
            _ = folder.write(
                length + json + [0, 0, 0, 0],
                as: "model-0000\(number + 1)-of-00002.safetensors"
            )
        }
        let path = folder.write(bytes, as: "model.safetensors.index.json")
        guard let checkpoint = try? Checkpoint(indexPath: path) else { return }
        precondition(
            checkpoint.tensorNames.allSatisfy { ["a", "b"].contains($0) },
            "A tensor came from nowhere."
        )
    }

    // MARK: Vocabularies

    /// The files of a vocabulary that are tried together.
    private static let directories = [
        ["vocab.json", "merges.txt"], ["tokenizer.json"], ["bpe_simple_vocab_16e6.txt.gz"],
        ["vocab.json", "merges.txt"] + besides, ["tokenizer.json"] + besides, besides,
        ["vocab.json", "merges.txt", "tokenizer.json"],
    ]
    /// The files that may lie beside a vocabulary.
    private static let besides = ["added_tokens.json", "tokenizer_config.json", "special_tokens_map.json"]

    /// Reads a vocabulary's files.
    ///
    /// The first byte decides which files the rest stands for; a zero byte separates one from the next, and an empty
    /// one does not exist.
    static func readTokenizer(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let folder = Folder.shared
        folder.clear()
        folder.write(bytes.dropFirst(), as: directories[Int(first) % directories.count])
        if Int(first) % directories.count == 5 {
            _ = try? Vocabulary.openAI(besideFilesIn: folder.path)
            return
        }
        guard let vocabulary = try? Vocabulary(directory: folder.path) else { return }
        let tokenizer = CaptionTokenizer(vocabulary: vocabulary)
        guard let tokens = try? tokenizer.tokens(for: "a photo of a cat, 고양이 <|endoftext|>") else { return }
        precondition(
            tokens.ids.allSatisfy { (0..<vocabulary.count).contains(Int($0)) },
            "A token has no row."
        )
    }

    /// Tokenizes a text with OpenAI's vocabulary.
    static func readText(_ bytes: [UInt8]) {
        guard let tokens = try? tokenizer?.tokens(for: String(decoding: bytes, as: UTF8.self)) else { return }
        precondition((2...77).contains(tokens.ids.count), "A text has \(tokens.ids.count) tokens.")
    }

    private static let tokenizer = (try? Vocabulary.openAI()).map { CaptionTokenizer(vocabulary: $0) }

    // MARK: Settings

    /// Reads settings in every supported form.
    static func readConfiguration(_ bytes: [UInt8]) {
        let configurations = [
            try? ModelConfiguration(openCLIPConfig: bytes),
            try? ModelConfiguration(transformersConfig: bytes),
        ]
        for configuration in configurations.compactMap({ $0 }) {
            precondition(configuration.vision != nil || configuration.text != nil, "There is no tower.")
            guard let size = configuration.vision?.imageSize else { continue }
            precondition(size > 0 && size < 1 << 20, "An image size is absurd.")
        }
        _ = try? PreprocessingRecipe(preprocessorConfig: bytes)
        _ = try? PreprocessingRecipe(processorConfig: bytes)
        _ = try? PreprocessingRecipe(openCLIPConfig: bytes, imageSize: 224)
    }

    // MARK: Whole directories

    /// Reads all files of a checkpoint except its weights, in one of the two layouts, depending on the first byte.
    ///
    /// A zero byte separates one file from the next. A vocabulary of bytes and special tokens exists.
    static func readCheckpoint(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let folder = Folder.shared
        folder.clear()
        let letters = ByteAlphabet.characters + ByteAlphabet.characters.map { $0 + ByteAlphabet.endOfWord }
        let tokens =
            letters.map { String(decoding: $0, as: UTF8.self) } + ["<|startoftext|>", "<|endoftext|>"]
        let listed = tokens.enumerated().map { number, token in
            "\"\(token.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\":\(number)"
        }
        _ = folder.write(Array("{\(listed.joined(separator: ","))}".utf8), as: "vocab.json")
        _ = folder.write(Array("#version\n".utf8), as: "merges.txt")
        let isOpenCLIP = first.isMultiple(of: 2)
        _ = folder.write(
            Array("weights".utf8),
            as: isOpenCLIP ? "open_clip_model.safetensors" : "model.safetensors"
        )
        folder.write(
            bytes.dropFirst(),
            as: [
                isOpenCLIP ? "open_clip_config.json" : "config.json", "preprocessor_config.json",
                "processor_config.json",
            ] + besides
        )
        let source = try? TokenizerSource(model: ModelSource(name: "fuzz", directory: folder.path))
        guard let ids = try? source?.tokens(of: "a cat", truncating: true) else { return }
        precondition(ids.count >= 2, "A text has no end.")
    }
}

/// A directory of this process, in memory if the system has such a place.
final class Folder: Sendable {
    static let shared = Folder()

    let path: String
    private let names = Mutex(Set<String>())

    private init() {
        let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(parent)/clip-fuzz-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { preconditionFailure("There is no place for files.") }
        path = String(cString: made)
    }

    /// Removes everything that was written.
    func clear() {
        names.withLock { names in
            for name in names { unlink(path + "/" + name) }
            names = []
        }
    }

    func write(_ bytes: [UInt8], as name: String) -> String {
        names.withLock { _ = $0.insert(name) }
        let file = path + "/" + name
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        precondition(descriptor >= 0, "A file cannot be written.")
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        precondition(written == bytes.count, "A file is cut.")
        close(descriptor)
        return file
    }

    /// Writes the parts between zero bytes into these files; the last file gets all that is left.
    func write(_ bytes: ArraySlice<UInt8>, as names: [String]) {
        let parts = bytes.split(
            separator: 0,
            maxSplits: names.count - 1,
            omittingEmptySubsequences: false
        )
        for (name, part) in zip(names, parts) where !part.isEmpty { _ = write(Array(part), as: name) }
    }
}
