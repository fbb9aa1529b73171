#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Converts a PyTorch checkpoint into a model directory with safetensors.
///
/// It reads the archives and the older streams of `torch.save`, and the archives of `torch.jit.save`, such as OpenAI's.
/// It reads only tensors: no code is run, and anything that tensors do not need is refused by name. Elements keep their
/// type and their bits.
public struct CheckpointConversion {
    /// What was written.
    public struct Report: Sendable {
        /// The directory that was written to.
        public let directory: String
        /// The names of the files, in the order in which they were written.
        public let files: [String]
        /// The number of tensors.
        public let tensorCount: Int
        /// The bytes of all tensors.
        public let byteCount: Int
        /// The names of values among the tensors that are not tensors.
        public let leftOut: [String]
        /// The configuration that the weights need but that could not be copied; nil if the model is complete.
        public let missingConfiguration: String?
        /// Whether the configuration was derived from the shapes of OpenAI's tensors.
        public let isConfigurationDerived: Bool
    }

    /// The files that are copied if they lie beside the checkpoint.
    package static let companions = [
        "config.json", "open_clip_config.json", "preprocessor_config.json", "processor_config.json",
        "tokenizer.json",
        "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
        "vocab.txt",
        "bpe_simple_vocab_16e6.txt.gz", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model",
        "sentencepiece.model",
    ]
    private static let maximumCompanionByteCount = 128 << 20
    /// How many times larger than its archive a file may become, because of tied names such as a token table and its
    /// output.
    private static let repetitionLimit = 4

    private let checkpoint: PickledCheckpoint
    private let weights: WeightsConversion
    private let directory: String
    private let weightsName: String
    private let copied: [String]
    /// A configuration that was derived, because no file has it.
    private let derived: String?
    private let missing: String?

    /// Reads what is to be converted, and checks all of it before anything is written.
    ///
    /// - Parameters:
    ///   - source: a PyTorch file, an index of shards, or a directory with either.
    ///   - directory: the model's new directory, which is made if it does not exist.
    ///   - replacing: whether existing files are replaced.
    public init(source: String, directory: String, replacing: Bool) throws(WeightError) {
        checkpoint = try PickledCheckpoint(path: source)
        let fileByteCount = checkpoint.archives.reduce(0) { $0 + $1.mapping.file.byteCount }
        weights = try WeightsConversion(
            checkpoint.tensors,
            limit: Self.repetitionLimit * fileByteCount + 1 << 20
        )
        self.directory = directory
        let listing = try Listing(path: checkpoint.directory)
        let isSame = Self.isSame(checkpoint.directory, directory)
        copied = isSame ? [] : Self.companions.filter(listing.contains)
        let configuration = checkpoint.layout.configuration
        let shapes = checkpoint.tensors.map { ($0.name, $0.tensor.shape) }
        derived =
            listing.contains(configuration) || !checkpoint.archives.contains(where: \.isScript)
            ? nil : OpenAIConfiguration.json(of: Dictionary(shapes) { first, _ in first })
        missing = listing.contains(configuration) || derived != nil ? nil : configuration
        weightsName = checkpoint.layout == .openCLIP ? "open_clip_model.safetensors" : "model.safetensors"
        let planned = copied + (derived == nil ? [] : [configuration]) + [weightsName]
        let standing = (try? Listing(path: directory))?.names ?? []
        let taken = planned.filter(standing.contains)
        guard replacing || taken.isEmpty else { throw .outputExists(files: taken) }
        for archive in checkpoint.archives {
            let own = checkpoint.tensors.filter { $0.archive.file == archive.file }.map(\.tensor)
            try archive.requireChecksums(of: own)
        }
    }

    /// The bytes of all tensors.
    public var byteCount: Int { weights.byteCount }

    /// Writes the model, with its weights last, so that an interrupted conversion leaves no model.
    ///
    /// - Parameter progress: called with the number of the tensors' bytes that were written.
    public func run(progress: (Int) -> Void = { _ in }) throws(WeightError) -> Report {
        try Listing.makeDirectory(directory)
        for name in copied {
            let source = checkpoint.directory + "/" + name
            try write(try OpenFile.contents(of: source, limit: Self.maximumCompanionByteCount), to: name)
        }
        var files = copied
        if let derived {
            try write(Array(derived.utf8), to: checkpoint.layout.configuration)
            files.append(checkpoint.layout.configuration)
        }
        try weights.write(to: "\(directory)/\(weightsName)", progress: progress)
        return Report(
            directory: directory,
            files: files + [weightsName],
            tensorCount: checkpoint.tensors.count,
            byteCount: weights.byteCount,
            leftOut: checkpoint.leftOut,
            missingConfiguration: missing,
            isConfigurationDerived: derived != nil
        )
    }

    private func write(_ bytes: [UInt8], to name: String) throws(WeightError) {
        let file = try UnfinishedFile(path: "\(directory)/\(name)", mode: 0o666)
        try file.write(bytes, at: 0)
        try file.finish()
    }

    private static func isSame(_ one: String, _ other: String) -> Bool {
        URL(fileURLWithPath: one).resolvingSymlinksInPath().path
            == URL(fileURLWithPath: other).resolvingSymlinksInPath().path
    }
}
