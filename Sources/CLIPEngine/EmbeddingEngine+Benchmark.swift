extension EmbeddingEngine {
    /// How long the network takes for images that are decoded already, or for captions that are token ids already.
    ///
    /// They wait, ride and are computed like those of any request; what they show is random, which costs the same.
    package func forwardTime(
        of work: ForwardWork,
        model name: String? = nil
    ) async throws(EmbeddingError) -> Duration {
        let (model, _) = try await registry.model(at: registry.index(of: name))
        var generator = SystemRandomNumberGenerator()
        switch work {
        case .images(let count):
            let size = model.description.imageSize
            let image = (0..<3 * size * size).map { _ in Float.random(in: -2...2, using: &generator) }
            let images = [[Float]](repeating: image, count: count)
            let start = ContinuousClock.now
            _ = try await model.worker.embed(pixelValues: images)
            return ContinuousClock.now - start
        case .captions(let count, let tokens):
            // Every "a" is one token, and start-of-text and end-of-text are two.
            let text = String(repeating: "a ", count: max(0, tokens - 2))
            let (ids, _) = try await preparation.tokens(of: [text], by: model.tokenizer, truncating: false)
            let captions = [[Int32]](repeating: ids[0], count: count)
            let start = ContinuousClock.now
            _ = try await model.worker.embed(tokens: captions)
            return ContinuousClock.now - start
        }
    }
}

/// What a forward pass is timed with.
package enum ForwardWork: Equatable, Sendable {
    /// So many images.
    case images(Int)
    /// So many captions of so many tokens each, the two special ones included.
    case captions(Int, tokens: Int)
}
