/// Turns encoded images into the input of a CLIP image tower, as the library for which the checkpoint was made does.
///
/// Calls block. Any number of threads may call at once; each call decodes on its own thread.
public struct ImagePreprocessor: Sendable {
    private let decoder: ImageDecoder
    private let normalizer: PixelNormalizer

    /// Makes a preprocessor for one model.
    ///
    /// - Parameters:
    ///   - recipe: what the model needs.
    ///   - limits: limits that are valid (`ImageLimits.validate()`).
    ///   - shrinksJPEGs: whether a JPEG is decoded at a half, a quarter or an eighth of its size, as long as its sides
    ///     stay at least twice as long as they will be after resizing. This is quicker, but no longer equal to the
    ///     reference. Other formats are not affected.
    public init(
        recipe: PreprocessingRecipe,
        limits: ImageLimits = ImageLimits(),
        shrinksJPEGs: Bool = false
    ) {
        decoder = ImageDecoder(recipe: recipe, limits: limits, shrinksJPEGs: shrinksJPEGs)
        normalizer = PixelNormalizer(recipe: recipe)
    }

    /// The image decoded, upright, resized and cropped: (R, R, 3) bytes.
    ///
    /// Neither memory nor time is limited here, apart from the limits on images.
    public func pixels(of image: [UInt8]) throws(ImagingError) -> PixelBuffer {
        try pixels(of: image, admitting: { _ in true }, stop: DecodeStop())
    }

    /// The image decoded, upright, resized and cropped, if its memory is admitted and unless it is stopped.
    ///
    /// - Parameters:
    ///   - image: the encoded bytes.
    ///   - admitting: called once, after the header was read and before the first pixel, with the most bytes that
    ///     decoding will hold in addition to the encoded image. If it returns false, `ImagingError.notAdmitted` is
    ///     thrown and no memory is held any more.
    ///   - stop: ends the decode with `ImagingError.tookTooLong` or `.stopped`.
    public func pixels(
        of image: [UInt8],
        admitting: (Int) -> Bool,
        stop: DecodeStop
    ) throws(ImagingError) -> PixelBuffer {
        try withExtendedLifetime(stop) { () throws(ImagingError) in
            try decoder.pixels(of: image, admitting: admitting, stop: stop).square
        }
    }

    /// The image decoded, upright, resized, cropped and normalised: (3, R, R) floats.
    public func pixelValues(of image: [UInt8]) throws(ImagingError) -> [Float] {
        normalizer.pixelValues(of: try pixels(of: image))
    }
}
