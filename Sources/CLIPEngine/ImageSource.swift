/// One image as its sender gave it.
public enum ImageSource: Equatable, Sendable {
    /// The bytes of an image file.
    case encoded([UInt8])
    /// The bytes of an image file as a part of something longer, such as a form with several files. They are copied,
    /// and the copy is counted, only when the image is processed.
    case encodedPart(ArraySlice<UInt8>)
    /// The ASCII bytes of a base64 text, with or without a `data:...;base64,` prefix. As a slice of the request,
    /// megabytes of it need not be copied.
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
