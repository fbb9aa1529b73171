/// How well one label fits.
public struct Prediction: Equatable, Sendable {
    /// The label's place in its set.
    public let label: Int
    /// From 0 to 1: its share among all labels of the set or, where the model judges each by itself, how likely it fits.
    public let score: Float
    /// The cosine, from -1 to 1.
    public let similarity: Float
}

/// What images or texts are, in the request's order.
public struct ClassificationResult: Sendable {
    /// The best labels of each, the best first; of those that fit equally, the one that stands first.
    public let predictions: [[Prediction]]
    /// Whether the scores of all labels sum to one: CLIP's do, those of SigLIP, which judges each label by itself, do not.
    public let scoresSumToOne: Bool
    /// Which model answered and what it cost.
    public let report: RequestReport
    /// What keeps the predictions, and the text that is made of them, counted in the engine's budget; nil where they are few.
    ///
    /// It is for whoever writes them to hold until they are read.
    package var room: ByteReservation?
}
