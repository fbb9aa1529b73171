/// A model in memory, as lists and start-up logs describe it.
public struct ModelDescription: Equatable, Sendable {
    /// The name that requests use, such as `ViT-B-32`.
    public let name: String
    /// Whether requests that name no model get this one.
    public let isDefault: Bool
    /// The side of the square that images are resized to, in pixels; nil if there is no image tower.
    public let imageSize: Int?
    /// The number of values in an embedding.
    public let embeddingWidth: Int
    /// The largest number of tokens of a text, including the two special tokens; nil if there is no text tower.
    public let contextLength: Int?
    /// The towers that it has.
    public var towers: [Tower] { Tower.all(imageSize: imageSize, contextLength: contextLength) }
    /// Whether it is a Perception Encoder, which Roboflow serves on routes of their own.
    public let isPerceptionEncoder: Bool
    /// The number format that the forward pass runs in; never `auto`.
    public let precision: Precision
    /// How long loading took.
    public let loadTime: Duration
    /// Whether packed weights from an earlier start were used.
    public let isFromPackedCopy: Bool
    /// Why packed weights from an earlier start were not used, or could not be kept; nil if nothing went wrong.
    public let packedCopyProblem: String?
    /// The bytes that count against ``EngineConfiguration/modelMemory``.
    public let byteCount: Int
    /// Where its files are, and where they came from.
    public let source: ModelSource
}

/// A change of the models in memory.
public enum ModelEvent: Equatable, Sendable {
    /// It is in memory and answers.
    case loaded(ModelDescription)
    /// The model was unloaded.
    case unloaded(name: String, UnloadReason)
    /// The model could not be loaded.
    case failed(name: String, EmbeddingError)

    /// Why a model was unloaded.
    public enum UnloadReason: Equatable, Sendable {
        /// Somebody asked for it to be unloaded.
        case asked
        /// No request has named it for the idle time.
        case idle
        /// The model of this name needed its memory.
        case room(for: String)
        /// The engine is shutting down, or its start has failed.
        case ending
    }
}

/// The number format of weights and activations in a forward pass.
public enum Precision: String, CaseIterable, Sendable {
    /// bf16 if the processor has instructions for it, otherwise f32.
    case auto
    /// 32-bit floating point: what the reference implementations compute, to the last digits.
    case f32
    /// The upper half of an f32. Needs AVX-512 BF16 or Arm BF16.
    case bf16
    /// Bytes, with a scale for each output of a layer and each token. Needs AVX-512 VNNI, AVX-VNNI or Arm I8MM.
    case int8
}
