/// One of the two encoders of a CLIP; a checkpoint may have only one.
public enum Tower: String, CaseIterable, Sendable {
    /// The image encoder.
    case image
    /// The text encoder.
    case text

    /// The towers of a model, from the numbers that only one of them has.
    static func all(imageSize: Int?, contextLength: Int?) -> [Tower] {
        (imageSize == nil ? [] : [.image]) + (contextLength == nil ? [] : [.text])
    }
}
