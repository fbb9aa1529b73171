/// Why an image could not become pixel values, or why a model's preprocessing cannot be followed.
///
/// Every case is a fact about the input; none carries text of a C library or bytes of the image.
public enum ImagingError: Error, Equatable, Sendable {
    // MARK: The image

    /// There are no bytes at all.
    case empty
    /// The first bytes belong to no format that is read here.
    case unknownFormat
    /// The format is known, and the limits do not allow it.
    case formatNotAllowed(ImageFormat)
    /// The format is known, but the libvips of this machine has no decoder for it.
    case formatNotAvailable(ImageFormat)
    /// The encoded image has more bytes than allowed.
    case tooManyBytes(count: Int, limit: Int)
    /// The header announces more pixels than allowed.
    ///
    /// Nothing was decoded.
    case tooManyPixels(width: Int, height: Int, limit: Int)
    /// The header announces a side longer than allowed.
    ///
    /// Nothing was decoded.
    case sideTooLong(width: Int, height: Int, limit: Int)
    /// The long side is more times the short side than allowed.
    ///
    /// Nothing was decoded.
    case tooElongated(width: Int, height: Int, limit: Int)
    /// The header is damaged, ends early, or uses a variant of the format that is not read.
    case badHeader(ImageFormat)
    /// The header is sound, and the pixels are damaged or end early.
    case badPixels(ImageFormat)
    /// The pixels are sound, in colours that have no plain way to RGB: Lab, floating point, more than 16
    /// bits.
    case unsupportedColours(ImageFormat)

    case notAdmitted(bytes: Int)
    case stopped
    // MARK: The model's preprocessing

    /// The configuration is not JSON of the expected form.
    ///
    /// `name` is the field when one is to blame.
    case malformedConfiguration(name: String?)
    /// The configuration lacks a field that has no safe default.
    case missingSetting(name: String)
    /// The configuration asks for something that is not done here, so that following it partly would be
    /// wrong.
    case unsupportedSetting(name: String, value: String)
}
