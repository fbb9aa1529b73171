internal import CLIPImaging

/// Prepares one image at a time on the calling thread, as the engine does before the model runs; for benchmarks.
package struct DecodingTrial: Sendable {
    private let preprocessor: ImagePreprocessor

    /// A trial for models that want squares of `imageSize` pixels, with OpenAI's means and deviations.
    package init(imageSize: Int, decoding: ImageDecoding) {
        preprocessor = ImagePreprocessor(
            recipe: .openAI(imageSize: imageSize),
            shrinksJPEGs: decoding == .fast
        )
    }

    /// The normalised pixel values of an encoded image: (3, imageSize, imageSize).
    package func pixelValues(of image: [UInt8]) throws(EmbeddingError) -> [Float] {
        try Self.translating { () throws(ImagingError) in try preprocessor.pixelValues(of: image) }
    }

    /// The pixels of an encoded image before normalising: (imageSize, imageSize, 3) bytes.
    package func pixels(of image: [UInt8]) throws(EmbeddingError) -> [UInt8] {
        try Self.translating { () throws(ImagingError) in try preprocessor.pixels(of: image).bytes }
    }

    private static func translating<Value>(
        _ decode: () throws(ImagingError) -> Value
    ) throws(EmbeddingError) -> Value {
        do throws(ImagingError) {
            return try decode()
        } catch {
            throw .image(index: 0, ImageFault(error, origin: .payload))
        }
    }
}
