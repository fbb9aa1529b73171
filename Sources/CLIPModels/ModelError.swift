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
    /// A setting has an invalid value; `expected` describes the valid ones.
    case invalidSetting(key: String, expected: String)
    /// A setting asks for a kind of model that this program does not build.
    case unsupportedSetting(key: String, value: String)

    // Making the model

    /// The configuration describes a tower that the weights lack; they have only the other, with `tensors` for
    /// instance.
    case towerNotStored(ModelConfiguration.Tower, tensors: [String])
    /// The weights have another tower than the only one that the configuration describes, with `tensors` for instance.
    case towerNotDescribed(ModelConfiguration.Tower, tensors: [String])
    /// The only tower ends before its projection, so it gives no embeddings.
    case projectionNotStored(tensor: String)
    /// A weight is missing, misshapen, unreadable or left over.
    case weights(WeightError)
    /// The logarithm of the factor for scores is so large that the factor is not finite.
    case scaleTooLarge(tensor: String, value: Float)
    /// The kernels failed: no memory was left, or oneDNN refused an operation.
    case kernels(KernelError)

    // Inputs, which the callers have checked: each of these is a mistake of ours

    /// The model has no tower for this input.
    case noTower(ModelConfiguration.Tower)
    /// The number of bytes is not that of an image of the model's size.
    case wrongPixelByteCount(expected: Int, found: Int)
    /// A caption has more tokens than the model has positions.
    case tooManyTokens(count: Int, limit: Int)
    /// A caption does not fill the context, in a network in which padding matters.
    case tooFewTokens(count: Int, contextLength: Int)
    /// A token id is not in the model's vocabulary.
    case tokenOutOfVocabulary(id: Int32, vocabularySize: Int)
    /// A caption has no end-of-text token, from whose position its embedding is taken.
    case noEndOfText(caption: Int)
}

extension ModelError {
    /// Runs kernels and turns their error into this module's type.
    static func wrapping<Result>(_ body: () throws(KernelError) -> Result) throws(ModelError) -> Result {
        do {
            return try body()
        } catch {
            throw .kernels(error)
        }
    }

    /// Reads weights and turns their error into this module's type.
    static func reading<Result>(_ body: () throws(WeightError) -> Result) throws(ModelError) -> Result {
        do {
            return try body()
        } catch {
            throw .weights(error)
        }
    }
}
