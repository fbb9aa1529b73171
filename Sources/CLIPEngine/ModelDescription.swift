/// What a configured model is, for lists and start-up logs.
public struct ModelDescription: Equatable, Sendable {
    /// The name that requests use, such as `ViT-B-32`.
    public let name: String
    /// Whether requests that name no model get this one.
    public let isDefault: Bool
    /// Side of the square that images are brought to, in pixels.
    public let imageSize: Int
    /// Numbers in one embedding.
    public let embeddingWidth: Int
    /// Token positions of a text, the two special tokens included.
    public let contextLength: Int
    /// Number formats that the forward pass runs in.
    public let precision: Precision
    /// How long loading took.
    public let loadTime: Duration
}

/// The number format of weights and activations in a forward pass.
public enum Precision: String, CaseIterable, Sendable {
    /// 32-bit floating point.
    case f32
}
