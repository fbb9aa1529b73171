public import CLIPKernels
public import CLIPWeights

/// Why a model was not made, or an input not computed.
///
/// Keys are those of the configuration file, with dots between levels (`vision_cfg.width`).
public enum ModelError: Error, Equatable, Sendable {
    // The configuration

    /// The configuration is not a JSON object.
    case malformedConfiguration
    /// A setting is absent that has no default.
    case missingSetting(key: String)
    /// A setting has a value that it cannot have; `expected` says in words what it can be.
    case invalidSetting(key: String, expected: String)
    /// A setting asks for a kind of model that this program does not build.
    case unsupportedSetting(key: String, value: String)

    // Making the model

    /// The configuration describes a tower of which the weights have nothing, `tensors` for instance, but the other one.
    case towerNotStored(ModelConfiguration.Tower, tensors: [String])
    /// The weights have a tower, with `tensors` for instance, beside the only one that the configuration describes.
    case towerNotDescribed(ModelConfiguration.Tower, tensors: [String])
    /// A tower by itself ends before the projection, so that it has no embeddings.
    case projectionNotStored(tensor: String)
    /// A weight is missing, misshapen, unreadable or left over.
    case weights(WeightError)
    /// The logarithm of the factor that scores are made with is so large that the factor is no number.
    case scaleTooLarge(tensor: String, value: Float)
    /// The kernels failed: no memory, or oneDNN refused an operation.
    case kernels(KernelError)

    // Inputs, which the callers have checked: each of these is a mistake of ours

    /// The model lacks the tower for it.
    case noTower(ModelConfiguration.Tower)
    /// The bytes are not those of the pixels of an image of the model's size.
    case wrongPixelByteCount(expected: Int, found: Int)
    /// A caption has more tokens than the model has positions.
    case tooManyTokens(count: Int, limit: Int)
    /// A caption does not fill the context, in a network whose padding counts.
    case tooFewTokens(count: Int, contextLength: Int)
    /// A token id is not in the model's vocabulary.
    case tokenOutOfVocabulary(id: Int32, vocabularySize: Int)
    /// A caption has no end-of-text token, the position that its embedding is taken from.
    case noEndOfText(caption: Int)
}

extension ModelError {
    /// Runs kernels and gives their error this module's type.
    static func wrapping<Result>(_ body: () throws(KernelError) -> Result) throws(ModelError) -> Result {
        do {
            return try body()
        } catch {
            throw .kernels(error)
        }
    }

    /// Reads weights and gives their error this module's type.
    static func reading<Result>(_ body: () throws(WeightError) -> Result) throws(ModelError) -> Result {
        do {
            return try body()
        } catch {
            throw .weights(error)
        }
    }
}
