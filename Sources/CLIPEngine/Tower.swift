/// A half of a CLIP; a checkpoint may be of one alone.
public enum Tower: String, CaseIterable, Sendable {
    /// What embeds images.
    case image
    /// What embeds texts.
    case text

    /// Those of a model, by the figures that only one of them has.
    static func all(imageSize: Int?, contextLength: Int?) -> [Tower] {
        (imageSize == nil ? [] : [.image]) + (contextLength == nil ? [] : [.text])
    }
}
