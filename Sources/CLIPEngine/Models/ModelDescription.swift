/// What a configured model is, for lists and start-up logs.
public struct ModelDescription: Equatable, Sendable {
    /// The name that requests use, such as `ViT-B-32`.
    public let name: String
    /// Whether requests that name no model get this one.
    public let isDefault: Bool
    /// Side of the square that images are brought to, in pixels; nil where there is no image tower.
    public let imageSize: Int?
    /// Numbers in one embedding.
    public let embeddingWidth: Int
    /// Token positions of a text, the two special tokens included; nil where there is no text tower.
    public let contextLength: Int?
    /// The towers that it has.
    public var towers: [Tower] { Tower.all(imageSize: imageSize, contextLength: contextLength) }
    /// Whether it is one of the Perception Encoders, for which Roboflow has routes of their own.
    public let isPerceptionEncoder: Bool
    /// The number format that the forward pass runs in; never `auto`.
    public let precision: Precision
    /// How long loading took.
    public let loadTime: Duration
    /// Whether packed weights of an earlier start were used.
    public let isFromPackedCopy: Bool
    /// Why packed weights of an earlier start were not used, or could not be kept; nil where nothing is wrong.
    public let packedCopyProblem: String?
    /// Bytes that it takes of ``EngineConfiguration/modelMemory``.
    public let byteCount: Int
    /// Where its files are, and where they came from.
    public let source: ModelSource
}

/// What happened to a model.
public enum ModelEvent: Equatable, Sendable {
    /// It is in memory and answers.
    case loaded(ModelDescription)
    /// It was let go of.
    case unloaded(name: String, UnloadReason)
    /// It could not be brought.
    case failed(name: String, EmbeddingError)

    /// Why a model was let go of.
    public enum UnloadReason: Equatable, Sendable {
        /// Somebody asked for that.
        case asked
        /// Nobody has asked for it for the idle time.
        case idle
        /// There was no room beside it for the one of that name.
        case room(for: String)
        /// The engine ends, or its start has failed.
        case ending
    }
}

/// The number format of weights and activations in a forward pass.
public enum Precision: String, CaseIterable, Sendable {
    /// bf16 where the processor multiplies it by itself, otherwise f32.
    case auto
    /// 32-bit floating point: what the reference implementations compute, to the last digits.
    case f32
    /// The upper half of an f32. Needs AVX-512 BF16 or Arm BF16.
    case bf16
    /// Bytes, with a scale for each output of a layer and each token. Needs AVX-512 VNNI or Arm I8MM.
    case int8
}
