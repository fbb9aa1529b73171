/// Turns encoded images into what a CLIP vision tower sees, as OpenAI's `_transform` does with torchvision
/// and Pillow.
///
/// Blocking, and safe to call from many threads at once: each call decodes on the thread that makes it.
public struct ImagePreprocessor: Sendable {
    private let recipe: PreprocessingRecipe
    private let decoder: ImageDecoder
    private let normalizer: PixelNormalizer

    /// A preprocessor for one model.
    ///
    /// `limits` are expected to be sound (`ImageLimits.validate()`).
    public init(recipe: PreprocessingRecipe, limits: ImageLimits = ImageLimits()) {
        self.recipe = recipe
        decoder = ImageDecoder(limits: limits)
        normalizer = PixelNormalizer(mean: recipe.mean, standardDeviation: recipe.standardDeviation)
    }

    /// The image decoded, upright, resized and cropped: (R, R, 3) bytes.
    public func pixels(of image: [UInt8]) throws(ImagingError) -> PixelBuffer {
        try decoder.pixels(of: image) { size in
            let resized = recipe.resizedSize(of: size)
            let crop = CenterCrop(of: resized, side: recipe.imageSize)
            return BicubicResizer(from: size, to: resized, keeping: crop)
        }
    }

    /// The same, normalised: (3, R, R) floats.
    public func pixelValues(of image: [UInt8]) throws(ImagingError) -> [Float] {
        normalizer.pixelValues(of: try pixels(of: image))
    }

    /// Pixels that were made by `pixels(of:)`, normalised: (3, R, R) floats.
    public func pixelValues(of pixels: PixelBuffer) -> [Float] {
        normalizer.pixelValues(of: pixels)
    }
}
