/// One image as its sender gave it.
public enum ImageSource: Equatable, Sendable {
    /// The bytes of an image file.
    case encoded([UInt8])
    /// The same as a part of something longer, such as a form with several files; it is copied only when it is looked at, and the
    /// copy counted.
    case encodedPart(ArraySlice<UInt8>)
    /// The ASCII bytes of a base64 text, with or without a `data:...;base64,` prefix; a slice, so that megabytes of it need
    /// not be copied out of a request.
    case base64(ArraySlice<UInt8>)
    /// An https or http URL.
    case url(String)
}

/// One side of a comparison.
public enum ComparisonItem: Equatable, Sendable {
    /// An image.
    case image(ImageSource)
    /// A text.
    case text(String)
}
