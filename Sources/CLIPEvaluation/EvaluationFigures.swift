public import CLIPEngine

/// Which model was evaluated and how long it took, for both kinds of evaluation.
public struct EvaluationFigures: Equatable, Sendable {
    /// The model's name.
    public let model: String
    /// The number format that its forward pass runs in; never `auto`.
    public let precision: Precision
    /// From the loaded model to the result.
    public let seconds: Double
    /// Over the time that reading, decoding and embedding images took.
    public let imagesPerSecond: Double
}
