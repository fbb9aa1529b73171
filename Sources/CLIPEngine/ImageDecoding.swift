/// How images are decoded.
public enum ImageDecoding: String, CaseIterable, Sendable {
    /// Decodes at full size, so that embeddings equal the reference implementation's.
    case exact
    /// Decodes a JPEG at a half, a quarter or an eighth of its size, as long as it stays at least twice as large as the
    /// model's input.
    ///
    /// This is faster for large photographs, and close to the reference instead of equal. Other formats are decoded at
    /// full size.
    case fast
}
