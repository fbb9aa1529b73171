/// Turns encoded images into what a CLIP vision tower sees, as the library does that its files were written for.
///
/// Blocking, and safe to call from many threads at once: each call decodes on the thread that makes it.
public struct ImagePreprocessor: Sendable {
    private let decoder: ImageDecoder
    private let normalizer: PixelNormalizer

    /// A preprocessor for one model.
    ///
    /// - Parameters:
    ///   - recipe: what the model wants.
    ///   - limits: expected to be sound (`ImageLimits.validate()`).
    ///   - shrinksJPEGs: decodes a JPEG at a half, a quarter or an eighth of its size while its sides
    ///     stay at least twice what they are resized to. Quicker, and no longer equal to the reference. Other formats stay as they
    ///     are.
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
    /// However much it costs, and however long it takes.
    public func pixels(of image: [UInt8]) throws(ImagingError) -> PixelBuffer {
        try pixels(of: image, admitting: { _ in true }, stop: DecodeStop())
    }

    /// The same, if its memory is admitted, and unless it is stopped.
    ///
    /// - Parameters:
    ///   - image: the encoded bytes.
    ///   - admitting: asked once, after the header and before the first pixel, with the bytes that decoding will hold at
    ///     most beside the encoded ones; where the answer is false, `ImagingError.notAdmitted` is thrown, and nothing is
    ///     held any more.
    ///   - stop: ends the decode with `ImagingError.tookTooLong` or `.stopped`.
    public func pixels(
        of image: [UInt8],
        admitting: (Int) -> Bool,
        stop: DecodeStop
    ) throws(ImagingError) -> PixelBuffer {
        try withExtendedLifetime(stop) { () throws(ImagingError) in
            try decoder.pixels(of: image, admitting: admitting, stop: stop)
        }
    }

    /// The same, normalised: (3, R, R) floats.
    public func pixelValues(of image: [UInt8]) throws(ImagingError) -> [Float] {
        normalizer.pixelValues(of: try pixels(of: image))
    }
}
