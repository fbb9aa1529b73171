/// The vector of one image or text in the space that images and texts share.
public struct Embedding: Equatable, Sendable {
    /// The model's raw output, not normalised: `embeddingWidth` numbers.
    public let values: [Float]

    /// Wraps a model's output.
    public init(values: [Float]) {
        self.values = values
    }

    /// The cosine of the angle to another embedding of the same model, from -1 to 1.
    ///
    /// The cosine is neither scaled by the model's temperature nor rounded. The sums are kept in double precision; the
    /// result is the float nearest to the true value in all but rare cases. An embedding of length zero gives NaN.
    ///
    /// - Precondition: both embeddings have the same width.
    public func cosineSimilarity(to other: Embedding) -> Float {
        precondition(values.count == other.values.count, "Embeddings of different models cannot be compared.")
        var dot = 0.0
        var squared = 0.0
        var otherSquared = 0.0
        for (a, b) in zip(values, other.values) {
            dot += Double(a) * Double(b)
            squared += Double(a) * Double(a)
            otherSquared += Double(b) * Double(b)
        }
        return Float(dot / (squared * otherSquared).squareRoot())
    }

    /// The first `width` numbers, for models that were trained to be cut there (Matryoshka).
    ///
    /// The result is not normalised again.
    ///
    /// - Precondition: `width` is between 1 and the number of values.
    public func prefix(_ width: Int) -> Embedding {
        precondition((1...max(1, values.count)).contains(width), "An embedding has fewer numbers than that.")
        return Embedding(values: Array(values.prefix(width)))
    }

    /// The same direction at length one.
    public var normalized: Embedding {
        let length = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return Embedding(values: values.map { Float(Double($0) / length) })
    }
}
