#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A directory that holds one CLIP: a configuration and safetensors weights, in one of two layouts.
///
/// | layout | configuration | weights |
/// |---|---|---|
/// | transformers | `config.json` | `model.safetensors`, or the shards of `model.safetensors.index.json` |
/// | OpenCLIP | `open_clip_config.json` | `open_clip_model.safetensors` |
///
/// Where both are complete, as in the repositories of LAION, OpenCLIP wins: the two hold the same numbers, and its
/// configuration spells out the activation, the head width and the preprocessing in one file. Symbolic links are followed,
/// since that is what a Hugging Face cache is made of.
public struct ModelDirectory: Sendable {
    /// Whose names and files the directory uses.
    public enum Layout: Equatable, Sendable {
        /// Hugging Face `transformers`, `CLIPModel`.
        case transformers
        /// `open_clip`, which kept the names of OpenAI's own code.
        case openCLIP
    }

    /// A real configuration has a few kilobytes.
    static let maximumConfigurationByteCount = 1 << 20

    /// The directory as the caller gave it.
    public let path: String
    /// The layout found there.
    public let layout: Layout
    private let configurationName: String
    private let weightsName: String
    private let preprocessorNames: [String]

    /// Finds out the layout of the directory at `path`; reads no file yet.
    ///
    /// Refuses a directory in which neither layout is complete, and says what was looked for. Where there are only
    /// pickles (`pytorch_model.bin`, `*.pt`), the error says how to convert them.
    public init(path: String) throws(WeightError) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw .notADirectory(path: path)
        }
        let present = Set(names)
        for candidate in Self.candidates
        where present.contains(candidate.configuration) && present.contains(candidate.weights) {
            self.path = path
            layout = candidate.layout
            configurationName = candidate.configuration
            weightsName = candidate.weights
            preprocessorNames = ["processor_config.json", "preprocessor_config.json"].filter(present.contains)
            return
        }
        let pickles = names.filter(Self.isPickle).sorted()
        guard pickles.isEmpty || present.contains(where: { $0.hasSuffix(".safetensors") }) else {
            throw .pickledWeightsOnly(path: path, files: pickles)
        }
        var missing: [String] = []
        for name in Self.candidates.flatMap({ [$0.configuration, $0.weights] })
        where !present.contains(name) && !missing.contains(name) {
            missing.append(name)
        }
        throw .modelNotFound(path: path, missing: missing)
    }

    /// In order of preference.
    private static let candidates: [(layout: Layout, configuration: String, weights: String)] = [
        (.openCLIP, "open_clip_config.json", "open_clip_model.safetensors"),
        (.transformers, "config.json", "model.safetensors"),
        (.transformers, "config.json", "model.safetensors.index.json"),
    ]

    private static func isPickle(_ name: String) -> Bool {
        [".bin", ".pt", ".pth", ".ckpt", ".pkl"].contains { name.hasSuffix($0) }
    }

    private func file(_ name: String) -> String {
        path.hasSuffix("/") ? path + name : "\(path)/\(name)"
    }

    /// The bytes of `config.json` or `open_clip_config.json`, whichever the layout has.
    public func configuration() throws(WeightError) -> [UInt8] {
        try OpenFile.contents(of: file(configurationName), limit: Self.maximumConfigurationByteCount)
    }

    /// Name and bytes of the files that may say how images are prepared, in the order in which they count.
    ///
    /// Since version 5 transformers writes `processor_config.json`, before that `preprocessor_config.json`. OpenCLIP reads
    /// neither, but its repositories often carry one for transformers.
    public func preprocessorConfigurations() throws(WeightError) -> [(name: String, json: [UInt8])] {
        var files: [(name: String, json: [UInt8])] = []
        for name in preprocessorNames {
            files.append(
                (name, try OpenFile.contents(of: file(name), limit: Self.maximumConfigurationByteCount))
            )
        }
        return files
    }

    /// Opens and checks the weights, in however many files they come.
    public func weights() throws(WeightError) -> Checkpoint {
        guard weightsName.hasSuffix(".index.json") else {
            return Checkpoint(try SafetensorsFile(path: file(weightsName)))
        }
        return try Checkpoint(indexPath: file(weightsName))
    }
}
