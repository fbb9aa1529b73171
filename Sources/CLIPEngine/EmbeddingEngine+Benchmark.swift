extension EmbeddingEngine {
    /// Measures how long the network takes for images that are already decoded, or for captions that are already token
    /// ids.
    ///
    /// The items are queued, batched and computed like those of any request. The images are noise, each different; the
    /// captions repeat one word, which costs as much as any other.
    package func forwardTime(
        of work: ForwardWork,
        model name: String? = nil
    ) async throws(EmbeddingError) -> Duration {
        let (model, _) = try await registry.model(named: registry.names.name(of: name))
        defer { registry.giveBack(model) }
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        switch work {
        case .images(let count):
            guard let size = model.description.imageSize else {
                throw .noTower(.image, model: model.description.name)
            }
            let images = (0..<count).map { _ in
                (0..<3 * size * size).map { _ -> UInt8 in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return UInt8(state >> 56)
                }
            }
            let start = ContinuousClock.now
            _ = try await model.worker.embed(pixels: images, client: nil)
            return ContinuousClock.now - start
        case .captions(let count, let tokens):
            // Every "a" is one token, and start-of-text and end-of-text are two.
            let text = String(repeating: "a ", count: max(0, tokens - 2))
            let (ids, _) = try await textPreparation.tokens(
                of: [text],
                by: model.textSide().tokenizer,
                truncating: false
            )
            let captions = [[Int32]](repeating: ids[0], count: count)
            let start = ContinuousClock.now
            _ = try await model.worker.embed(tokens: captions, client: nil)
            return ContinuousClock.now - start
        }
    }
}

/// The input that a forward pass is timed with.
package enum ForwardWork: Equatable, Sendable {
    /// This many images.
    case images(Int)
    /// This many captions with this many tokens each, the two special tokens included.
    case captions(Int, tokens: Int)
}
