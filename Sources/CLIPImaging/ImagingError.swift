/// Why an image could not become pixel values, or why a model's preprocessing cannot be followed.
///
/// Every case is a fact about the input; none carries text of a C library or bytes of the image.
public enum ImagingError: Error, Equatable, Sendable {
    // MARK: The image

    /// There are no bytes at all.
    case empty
    /// The first bytes belong to no format that is read here; what they look like, where they look like something.
    case unknownFormat(LikelyContent?)
    /// The format is known, and the limits do not allow it.
    case formatNotAllowed(ImageFormat)
    /// The format is known, but the libraries of this machine have no decoder for it.
    case formatNotAvailable(ImageFormat)
    /// The encoded image has more bytes than allowed.
    case tooManyBytes(count: Int, limit: Int)
    /// The header announces more pixels than allowed.
    ///
    /// Nothing was decoded.
    case tooManyPixels(width: Int, height: Int, limit: Int)
    /// The frames of a format whose decoder cannot be stopped have more pixels together than allowed for that format.
    ///
    /// Nothing was decoded.
    case tooManyPixelsOf(ImageFormat, count: Int, limit: Int)
    /// The encoded image has more bytes than allowed for its format.
    case tooManyBytesOf(ImageFormat, count: Int, limit: Int)
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

    /// Decoding would need more memory than one picture may.
    ///
    /// Nothing was decoded.
    case tooMuchMemory(bytes: Int, limit: Int)
    /// Whoever was asked to admit the picture, at this much memory, did not.
    ///
    /// Nothing was decoded.
    case notAdmitted(bytes: Int)

    // MARK: The decode

    /// The system had no memory to give, whatever the picture is: no fault of its sender.
    case outOfMemory
    /// The picture is too much work for the time that a decode may take.
    case tookTooLong(limit: Duration)
    /// Nobody waits for the picture any more.
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
