import Benchmark
internal import CLIPImaging

/// Turning the bytes of a photograph, a JPEG of 300 x 400, into 224 x 224 pixels.
func imaging() {
    let preprocessor = ImagePreprocessor(recipe: .openAI(imageSize: 224))
    Benchmark("decode-jpeg") { benchmark in
        try benchmark.measure { try preprocessor.pixels(of: Samples.photograph) }
    }
}
