/// What each tower makes of what was let in.
extension EmbeddingEngine {
    /// Embeddings of token sequences: those that are known, and the rest by the network.
    func embeddings(
        of tokens: [[Int32]],
        by model: LoadedModel,
        request: AdmittedRequest
    ) async throws(EmbeddingError) -> Batcher.Outcome {
        guard !tokens.isEmpty else { return .nothing }
        return try await model.textSide().cache.embeddings(
            for: tokens,
            isOfList: tokens.count > Self.mostWaitedFor,
            client: request.client
        ) {
            (indexes) async throws(EmbeddingError) in
            try await model.worker.embed(
                tokens: indexes.map { tokens[$0] },
                client: request.client,
                onProgress: { request.finished($0) }
            )
        }
    }

    /// Others that ask for one of a request's items wait for all of them, unless they are more than this: then those others
    /// have it computed once more.
    private static let mostWaitedFor = 8

    /// Embeddings of images: those that are known, and the rest decoded and by the network.
    func embeddings(
        of images: [ImageSource],
        by model: LoadedModel,
        terms: RequestTerms,
        request: AdmittedRequest
    ) async throws(EmbeddingError) -> ([Embedding], StageTimings) {
        guard !images.isEmpty else { return ([], StageTimings()) }
        let (prepared, timings) = try await self.prepared(images, for: model, terms: terms, request: request)
        let outcome = try await embeddings(of: prepared, by: model, request: request)
        return (outcome.embeddings, timings.adding(outcome))
    }

    /// Images as far as they get before the network: here it shows what is wrong with them.
    func prepared(
        _ images: [ImageSource],
        for model: LoadedModel,
        terms: RequestTerms,
        request: AdmittedRequest
    ) async throws(EmbeddingError) -> ([PreparedImage], StageTimings) {
        try await imagePreparation.images(
            images,
            for: model.imageSide(),
            client: terms.client,
            request: request
        )
    }

    /// Embeddings of images that are prepared, whose pixels are held, and counted, until the network has read them.
    func embeddings(
        of prepared: [PreparedImage],
        by model: LoadedModel,
        request: AdmittedRequest
    ) async throws(EmbeddingError) -> Batcher.Outcome {
        var found: [ContentHash: Embedding] = [:]
        for image in prepared { if let embedding = image.embedding { found[image.hash] = embedding } }
        return try await model.imageSide().cache.embeddings(
            for: prepared.map(\.hash),
            found: found,
            isOfList: prepared.count > Self.mostWaitedFor,
            client: request.client
        ) { (indexes) async throws(EmbeddingError) in
            // Whatever is not known has pixels.
            try await model.worker.embed(
                pixels: indexes.compactMap { prepared[$0].pixels },
                client: request.client,
                onProgress: { request.finished($0) }
            )
        }
    }
}
