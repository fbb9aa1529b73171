internal import CLIPWeights
internal import Foundation

/// A model directory that was made from a PyTorch checkpoint.
public struct ConvertedModel: Sendable {
    /// Its path.
    public let directory: String
    /// The names of its files.
    public let files: [String]
    /// How many tensors it has.
    public let tensorCount: Int
    /// Bytes of all tensors.
    public let byteCount: Int
    /// Names of objects among the checkpoint's tensors that are not tensors and were left out.
    public let leftOut: [String]
    /// The configuration file that still has to be put into the directory; nil if the model is complete.
    public let missingConfiguration: String?
    /// Whether the configuration was made from the shapes of the tensors, as OpenAI's own program does.
    public let isConfigurationDerived: Bool
}

/// Why a checkpoint was not converted, in a sentence for a person at the shell.
public struct ConversionRefusal: Error, CustomStringConvertible, Sendable {
    /// What is wrong, and what helps.
    public let description: String
    /// Where the fault lies.
    package let kind: Kind

    /// Where the fault lies, as far as a caller does different things about it.
    package enum Kind: Sendable {
        /// There is no such checkpoint, or it cannot be read.
        case missingSource
        /// What is there cannot be converted.
        case refused
        /// The model directory cannot be written, or has such files already.
        case unwritable
        /// The disk has too little room for it.
        case noRoom
    }

    init(_ error: WeightError) {
        description = error.description
        kind =
            switch error {
            case .unreadableFile, .nothingToConvert: .missingSource
            case .unwritableFile(_, ENOSPC), .unwritableFile(_, EDQUOT): .noRoom
            case .unwritableFile, .outputExists: .unwritable
            default: .refused
            }
    }
}

/// Converts PyTorch checkpoints (`.bin`, `.pt`) into directories with safetensors, without running any code in them.
public enum ModelConversion {
    /// Reads a file, or the checkpoint in a directory, and writes a model directory.
    ///
    /// - Parameters:
    ///   - source: the file, an index of several files, or a directory with a checkpoint.
    ///   - directory: the model directory; it is made if it does not exist.
    ///   - replacing: whether existing files are replaced.
    ///   - progress: called with the bytes written so far and the bytes in all.
    public static func run(
        source: String,
        directory: String,
        replacing: Bool,
        progress: (_ done: Int, _ total: Int) -> Void
    ) throws(ConversionRefusal) -> ConvertedModel {
        do throws(WeightError) {
            let conversion = try CheckpointConversion(
                source: source,
                directory: directory,
                replacing: replacing
            )
            let report = try conversion.run { progress($0, conversion.byteCount) }
            return ConvertedModel(
                directory: report.directory,
                files: report.files,
                tensorCount: report.tensorCount,
                byteCount: report.byteCount,
                leftOut: report.leftOut,
                missingConfiguration: report.missingConfiguration,
                isConfigurationDerived: report.isConfigurationDerived
            )
        } catch {
            throw ConversionRefusal(error)
        }
    }
}
