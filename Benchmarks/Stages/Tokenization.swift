import Benchmark
internal import CLIPTokenization

/// Captions to token ids, a thousand each time.
func tokenization() {
    tokenise("tokenise-english-caption", Samples.caption)
    tokenise("tokenise-korean-caption", Samples.koreanCaption)
}

private func tokenise(_ name: String, _ caption: String) {
    Benchmark(name, configuration: .init(scalingFactor: .kilo)) { benchmark, tokenizer in
        try benchmark.measure { try tokenizer.tokens(for: caption) }
    } setup: {
        CaptionTokenizer(vocabulary: try Vocabulary.openAI())
    }
}
