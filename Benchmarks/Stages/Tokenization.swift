import Benchmark
internal import CLIPTokenization

/// Turning captions into token ids, a thousand at a time.
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
