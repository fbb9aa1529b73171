internal import CLIPWeights

/// A model directory that was made of a checkpoint of PyTorch.
public struct ConvertedModel: Sendable {
    /// Where it is.
    public let directory: String
    /// The names of its files.
    public let files: [String]
    /// How many tensors it has.
    public let tensorCount: Int
    /// Bytes of all tensors.
    public let byteCount: Int
    /// Names of what stood among the tensors and is none.
    public let leftOut: [String]
    /// The configuration that has to be put there, too; nil where the model is complete.
    public let missingConfiguration: String?
    /// Whether the configuration was made from the shapes of the tensors, as OpenAI's own program does.
    public let isConfigurationDerived: Bool
}

/// Why a checkpoint was not converted, in a sentence for a person at the shell.
public struct ConversionRefusal: Error, CustomStringConvertible, Sendable {
    /// What is wrong, and what helps.
    public let description: String
}

/// Turns checkpoints of PyTorch (`.bin`, `.pt`) into directories with safetensors; no code of theirs is run.
public enum ModelConversion {
    /// Reads a file, or the checkpoint in a directory, and writes a model directory.
    ///
    /// - Parameters:
    ///   - source: the file, an index of several, or a directory with one.
    ///   - directory: the model directory, which is made where it is not there.
    ///   - replacing: whether files that are there are replaced.
    ///   - progress: told how many of how many bytes are written.
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
            throw ConversionRefusal(description: error.description)
        }
    }
}
