import Benchmark
internal import CLIPTokenization

/// Captions to token ids.
func tokenization() {
    Benchmark("tokenise an English caption, 12 tokens", configuration: .init(scalingFactor: .kilo)) {
        benchmark,
        tokenizer in
        for _ in benchmark.scaledIterations { blackHole(try tokenizer.tokens(for: Samples.caption)) }
    } setup: {
        CaptionTokenizer(vocabulary: try Vocabulary.openAI())
    }
    Benchmark("tokenise a Korean caption", configuration: .init(scalingFactor: .kilo)) {
        benchmark,
        tokenizer in
        for _ in benchmark.scaledIterations { blackHole(try tokenizer.tokens(for: Samples.koreanCaption)) }
    } setup: {
        CaptionTokenizer(vocabulary: try Vocabulary.openAI())
    }
}
