extension EmbeddingEngine {
    /// Measures how long the network takes for images that are already decoded, or for captions that are already token
    /// ids.
    ///
    /// The items are queued, batched and computed like those of any request. The images are noise, each different; the
    /// captions are random letters, each of which is a token, and begin with different ones.
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
            // Every letter by itself is one token, and start-of-text and end-of-text are two.
            let letters = (UInt8(ascii: "a")...UInt8(ascii: "z")).map { String(UnicodeScalar($0)) }
            let texts = (0..<count).map { caption in
                (0..<max(0, tokens - 2)).map { word in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return letters[(word == 0 ? caption : Int(state >> 33)) % letters.count]
                }
                .joined(separator: " ")
            }
            // The same letters come in every run, and a cache of their prefixes would make all but the first cheap.
            return try await forwardTime(ofTexts: texts, isApart: true, by: model)
        case .texts(let texts, let isApart):
            return try await forwardTime(ofTexts: texts, isApart: isApart, by: model)
        }
    }

    private func forwardTime(
        ofTexts texts: [String],
        isApart: Bool,
        by model: LoadedModel
    ) async throws(EmbeddingError) -> Duration {
        let (captions, _) = try await textPreparation.tokens(
            of: texts,
            by: model.textSide().tokenizer,
            truncating: false
        )
        // What earlier runs have left would make this one cheaper than the first.
        model.worker.prefixes.removeAll()
        let isOfList = captions.count > AdmittedRequest.mostTextsOfSmall
        let start = ContinuousClock.now
        let order = isOfList ? Self.order(of: captions) : Array(captions.indices)
        _ = try await model.worker.embed(
            tokens: order.map { captions[$0] },
            isOfList: isOfList,
            isApart: isApart,
            client: nil
        )
        return ContinuousClock.now - start
    }
}

/// The input that a forward pass is timed with.
package enum ForwardWork: Equatable, Sendable {
    /// This many images.
    case images(Int)
    /// This many captions with this many tokens each, the two special tokens included.
    case captions(Int, tokens: Int)
    /// These captions; `isApart` says whether each is computed by itself, also where some begin alike.
    case texts([String], isApart: Bool)
}
