public import CLIPEngine

/// The model that was evaluated and the time that it took, for both kinds of evaluation.
public struct EvaluationFigures: Equatable, Sendable {
    /// The model's name.
    public let model: String
    /// The number format that its forward pass runs in; never `auto`.
    public let precision: Precision
    /// The time in seconds from the loaded model to the result.
    public let seconds: Double
    /// The number of images divided by the seconds for reading, decoding and embedding them.
    public let imagesPerSecond: Double
}
