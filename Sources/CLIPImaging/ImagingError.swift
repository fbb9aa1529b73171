/// Why an image did not become pixel values, or why a model's preprocessing cannot be followed.
///
/// Every case states a fact about the input. None carries the text of a C library or bytes of the image.
public enum ImagingError: Error, Equatable, Sendable {
    // MARK: The image

    /// There are no bytes.
    case empty
    /// The first bytes belong to no supported format; the value says what they look like, if anything.
    case unknownFormat(LikelyContent?)
    /// The format is known, but the limits do not allow it.
    case formatNotAllowed(ImageFormat)
    /// The format is known, but the libraries of this machine have no decoder for it.
    case formatNotAvailable(ImageFormat)
    /// The encoded image has more bytes than allowed.
    case tooManyBytes(count: Int, limit: Int)
    /// The header announces more pixels than allowed.
    ///
    /// Nothing was decoded.
    case tooManyPixels(width: Int, height: Int, limit: Int)
    /// The frames have more pixels together than allowed for a format whose decoder cannot be stopped.
    ///
    /// Nothing was decoded.
    case tooManyPixelsOf(ImageFormat, count: Int, limit: Int)
    /// The encoded image has more bytes than allowed for its format.
    case tooManyBytesOf(ImageFormat, count: Int, limit: Int)
    /// The header announces a side that is longer than allowed.
    ///
    /// Nothing was decoded.
    case sideTooLong(width: Int, height: Int, limit: Int)
    /// The ratio of the longer side to the shorter is larger than allowed.
    ///
    /// Nothing was decoded.
    case tooElongated(width: Int, height: Int, limit: Int)
    /// The header is damaged, ends early, or uses a variant of the format that is not supported.
    case badHeader(ImageFormat)
    /// The header is valid, but the pixels are damaged or end early.
    case badPixels(ImageFormat)
    /// The pixels have colours without a simple conversion to RGB: Lab, floating point, or more than 16 bits.
    case unsupportedColours(ImageFormat)

    /// Decoding would need more memory than one picture may take.
    ///
    /// Nothing was decoded.
    case tooMuchMemory(bytes: Int, limit: Int)
    /// The caller did not admit the picture, which needs this much memory.
    ///
    /// Nothing was decoded.
    case notAdmitted(bytes: Int)

    // MARK: The decode

    /// The system has no memory left, which is not the sender's fault.
    case outOfMemory
    /// The picture takes more work than the time limit of a decode allows.
    case tookTooLong(limit: Duration)
    /// Nobody waits for the picture any more.
    case stopped

    // MARK: The model's preprocessing

    /// The configuration is not JSON of the expected form.
    ///
    /// `name` is the field at fault, if a single field is.
    case malformedConfiguration(name: String?)
    /// The configuration lacks a setting that has no safe default.
    case missingSetting(name: String)
    /// The configuration asks for something that is not supported here, and following only part of it would be wrong.
    case unsupportedSetting(name: String, value: String)
}
