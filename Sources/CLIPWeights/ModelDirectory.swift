#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A directory with one CLIP: a configuration and safetensors weights, in one of two layouts.
///
/// The first of these that exists is used:
///
/// | layout | configuration | weights |
/// |---|---|---|
/// | OpenCLIP | `open_clip_config.json` | `open_clip_model.safetensors` |
/// | | | `open_clip_pytorch_model.safetensors`, as the hub's conversion bot names it |
/// | | | `model.safetensors`, if its tensors have OpenCLIP's names |
/// | transformers | `config.json` | `model.safetensors` |
/// | | | the shards of `model.safetensors.index.json` |
/// | | | `model.fp16.safetensors`, or the shards of `model.safetensors.index.fp16.json` |
///
/// If both layouts are complete, as in the repositories of LAION, OpenCLIP's is used. The two hold the same numbers,
/// and OpenCLIP's configuration states the activation, the head width and the preprocessing in one file. Symbolic links
/// are followed, because a Hugging Face cache consists of them.
public struct ModelDirectory: Sendable {
    /// The library whose names and files the directory uses.
    public enum Layout: Equatable, Sendable {
        /// Hugging Face `transformers`, `CLIPModel`.
        case transformers
        /// `open_clip`, which kept the names of OpenAI's own code.
        case openCLIP

        /// The name of the layout's configuration file.
        var configuration: String {
            switch self {
            case .transformers: "config.json"
            case .openCLIP: "open_clip_config.json"
            }
        }
    }

    /// The most bytes of a configuration; a real one has a few kilobytes.
    static let maximumConfigurationByteCount = 1 << 20

    /// The directory of the files: the named one, the weights' own, or a folder made by sentence-transformers.
    public let path: String
    /// The layout found there.
    public let layout: Layout
    private let weightsName: String
    private let preprocessorNames: [String]

    /// Finds a model's layout and weights; the weights are read only if their names are needed to tell the layout.
    ///
    /// - Parameter path: a directory; one that sentence-transformers saved, whose `modules.json` says where the model
    ///   lies; or a `.safetensors` file, which is used with the configuration beside it.
    /// - Throws: an error that says what was looked for if nothing is complete, or how to convert the weights if there
    ///   are only pickles (`pytorch_model.bin`, `*.pt`).
    public init(path: String) throws(WeightError) {
        let listing: Listing
        let found: (layout: Layout, weights: String)
        if let file = try Listing.file(at: path) {
            listing = try Listing(path: file.directory)
            found = (try Self.layout(ofFile: file.name, in: listing), file.name)
        } else {
            let root = try Listing(path: path)
            if let complete = try Self.model(in: root) {
                (listing, found) = (root, complete)
            } else if let folder = try SentenceTransformers.modelFolder(in: root) {
                listing = folder.isEmpty ? root : try Listing(path: root.path(of: folder))
                guard let complete = try Self.model(in: listing) else { throw Self.refusal(of: listing) }
                found = complete
            } else {
                throw Self.refusal(of: root)
            }
        }
        self.path = listing.path
        layout = found.layout
        weightsName = found.weights
        preprocessorNames = ["processor_config.json", "preprocessor_config.json"].filter(listing.contains)
        if layout == .transformers, TimmConfiguration.isPresent(at: file(layout.configuration)) {
            throw .timmConfiguration(path: listing.path)
        }
    }

    /// The names that weights may have, in order of preference.
    private static let candidates: [(layout: Layout, weights: String)] = [
        (.openCLIP, "open_clip_model.safetensors"),
        (.openCLIP, "open_clip_pytorch_model.safetensors"),
        (.openCLIP, "model.safetensors"),
        (.transformers, "model.safetensors"),
        (.transformers, "model.safetensors.index.json"),
        (.transformers, "model.fp16.safetensors"),
        (.transformers, "model.safetensors.index.fp16.json"),
    ]

    /// The names of all weights that are looked for, and of the indexes of their shards.
    package static let weightNames = candidates.map(\.weights)

    private static func model(
        in listing: Listing
    ) throws(WeightError) -> (layout: Layout, weights: String)? {
        for candidate in candidates
        where listing.contains(candidate.layout.configuration) && listing.contains(candidate.weights) {
            if candidate.layout == .openCLIP, candidate.weights == "model.safetensors" {
                // LAION's repositories have the weights twice, and then this file is transformers'. If it cannot be
                // read, the error comes when it is used.
                let file = try? SafetensorsFile(path: listing.path(of: candidate.weights))
                guard let file, TensorNames.layout(of: file.tensorNames) == .openCLIP else { continue }
            }
            return candidate
        }
        return nil
    }

    /// The layout of a named file: by its tensors, if configurations of both layouts lie beside it.
    private static func layout(ofFile name: String, in listing: Listing) throws(WeightError) -> Layout {
        let configured = [Layout.openCLIP, .transformers].filter { listing.contains($0.configuration) }
        guard let first = configured.first else {
            throw .configurationNotFound(
                file: listing.path(of: name),
                missing: [Layout.openCLIP, .transformers].map(\.configuration)
            )
        }
        guard configured.count > 1 else { return first }
        let names = try SafetensorsFile(path: listing.path(of: name)).tensorNames
        return TensorNames.layout(of: names) ?? first
    }

    /// The reason why a directory has no model.
    private static func refusal(of listing: Listing) -> WeightError {
        let pickles = listing.names.filter(isPickle).sorted()
        guard pickles.isEmpty || listing.names.contains(where: { $0.hasSuffix(".safetensors") }) else {
            return .pickledWeightsOnly(path: listing.path, files: pickles)
        }
        if !listing.contains(Layout.openCLIP.configuration),
            TimmConfiguration.isPresent(at: listing.path(of: Layout.transformers.configuration))
        {
            return .timmConfiguration(path: listing.path)
        }
        var missing: [String] = []
        for name in candidates.flatMap({ [$0.layout.configuration, $0.weights] })
        where !listing.contains(name) && !missing.contains(name) {
            missing.append(name)
        }
        return .modelNotFound(path: listing.path, missing: missing)
    }

    static func isPickle(_ name: String) -> Bool {
        [".bin", ".pt", ".pth", ".ckpt", ".pkl"].contains { name.hasSuffix($0) }
    }

    private func file(_ name: String) -> String {
        path.hasSuffix("/") ? path + name : "\(path)/\(name)"
    }

    /// The bytes of `config.json` or `open_clip_config.json`, depending on the layout.
    public func configuration() throws(WeightError) -> [UInt8] {
        try OpenFile.contents(of: file(layout.configuration), limit: Self.maximumConfigurationByteCount)
    }

    /// The names and bytes of files that may describe the preprocessing of images, the most important first.
    ///
    /// Since version 5 transformers writes `processor_config.json`, before that `preprocessor_config.json`. OpenCLIP
    /// reads neither, but its repositories often have one for transformers.
    public func preprocessorConfigurations() throws(WeightError) -> [(name: String, json: [UInt8])] {
        var files: [(name: String, json: [UInt8])] = []
        for name in preprocessorNames {
            files.append(
                (name, try OpenFile.contents(of: file(name), limit: Self.maximumConfigurationByteCount))
            )
        }
        return files
    }

    /// Opens and checks the weights, in one file or in several.
    public func weights() throws(WeightError) -> Checkpoint {
        guard weightsName.hasSuffix(".json") else {
            return Checkpoint(try SafetensorsFile(path: file(weightsName)))
        }
        return try Checkpoint(indexPath: file(weightsName))
    }
}
