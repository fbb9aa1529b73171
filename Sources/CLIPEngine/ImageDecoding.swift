/// How images are decoded.
public enum ImageDecoding: String, CaseIterable, Sendable {
    /// Whole, so that embeddings are those of the reference implementation.
    case exact
    /// A JPEG at a half, a quarter or an eighth of its size while that leaves it at least twice as large as
    /// the model wants it.
    ///
    /// Quicker for large photographs, and close to the reference instead of equal. Other formats are decoded
    /// as ever.
    case fast
}
