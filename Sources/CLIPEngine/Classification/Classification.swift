/// How well one label fits.
public struct Prediction: Equatable, Sendable {
    /// The label's place in its set.
    public let label: Int
    /// From 0 to 1: for CLIP the label's share among all labels of the set; for SigLIP, which judges each label by
    /// itself, how likely the label fits.
    public let score: Float
    /// The cosine between the item and the label, from -1 to 1.
    public let similarity: Float
}

/// How well labels fit images or texts, in the request's order.
public struct ClassificationResult: Sendable {
    /// The best labels of each item, the best first; among equal ones, the label that stands first in the set.
    public let predictions: [[Prediction]]
    /// Whether the scores of all labels sum to one: CLIP's do, SigLIP's do not.
    public let scoresSumToOne: Bool
    /// Which model answered and what it cost.
    public let report: RequestReport
    /// Keeps the predictions, and the text that is made from them, counted in the engine's budget; nil for a few
    /// predictions.
    ///
    /// A front end that writes them holds it until the client has read them.
    package var room: ByteReservation?
}
