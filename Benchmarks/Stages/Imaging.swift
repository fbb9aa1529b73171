import Benchmark
internal import CLIPImaging

/// The bytes of a photograph to pixels, and to pixel values.
func imaging() {
    let preprocessor = ImagePreprocessor(recipe: .openAI(imageSize: 224))
    Benchmark("decode, crop and resize a JPEG of 300 x 400 to 224 x 224") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(try preprocessor.pixels(of: Samples.photograph)) }
    }
    Benchmark("normalise 224 x 224 pixels") { benchmark, pixels in
        for _ in benchmark.scaledIterations { blackHole(preprocessor.pixelValues(of: pixels)) }
    } setup: {
        try preprocessor.pixels(of: Samples.photograph)
    }
}
