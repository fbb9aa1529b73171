/// Images and texts mixed in one request.
extension EmbeddingEngine {
    /// Embeds images and texts in any mix: one embedding an item, in the request's order.
    ///
    /// - Parameters:
    ///   - items: at most `maxBatch` images and `maxTexts` texts.
    ///   - name: the model; nil for the default one.
    ///   - truncating: whether texts that are too long are cut instead of refused.
    ///   - terms: the client, its deadline and what it holds already.
    /// - Throws: the same errors as `embed(images:)` and `embed(texts:)`; an index counts images and texts apart.
    public func embed(
        items: [ComparisonItem],
        model name: String? = nil,
        truncating: Bool = false,
        terms: RequestTerms = RequestTerms()
    ) async throws(EmbeddingError) -> EmbeddingResult {
        // The name is checked first, so that no other error can echo a name that is not a model's.
        _ = try registry.names.name(of: name)
        var images: [ImageSource] = []
        var texts: [String] = []
        for item in items {
            switch item {
            case .image(let image): images.append(image)
            case .text(let text): texts.append(text)
            }
        }
        guard !images.isEmpty else {
            return try await embed(texts: texts, model: name, truncating: truncating, terms: terms)
        }
        guard !texts.isEmpty else { return try await embed(images: images, model: name, terms: terms) }
        guard images.count <= configuration.maxBatch else {
            throw .tooManyImages(count: images.count, limit: configuration.maxBatch)
        }
        guard texts.count <= configuration.maxTexts else {
            throw .tooManyTexts(count: texts.count, limit: configuration.maxTexts)
        }
        let (model, loadTime) = try await self.model(named: registry.names.name(of: name), terms: terms)
        defer { registry.giveBack(model) }
        try model.requireTowers(forImages: true, forTexts: true)
        let request = try await begin(model, images: images, texts: texts, terms: terms)
        defer { request.end() }
        // As for texts alone.
        let size = texts.reduce(0) { $0 + $1.utf8.count }
        let room = try await roomForAnswer(of: items.count, by: model, with: 2 * size, terms: terms)
        // What is wrong with a text or a picture is found before anything of the request waits for the network.
        let (tokens, textTimings) = try await tokens(
            of: texts,
            by: model,
            truncating: truncating,
            terms: terms
        )
        let tokenCount = tokens.reduce(0) { $0 + $1.count }
        request.note(tokens: tokenCount)
        let (prepared, imageTimings) = try await prepared(images, for: model, terms: terms, request: request)
        async let textEmbeddings = Self.attempt { () throws(EmbeddingError) in
            request.isList
                ? try await self.embeddings(ofList: tokens, by: model, request: request)
                : try await self.embeddings(of: tokens, by: model, request: request)
        }
        let imageOutcome = try await embeddings(of: prepared, by: model, request: request)
        let textOutcome = try await textEmbeddings.get()

        var nextText = textOutcome.embeddings.makeIterator()
        var nextImage = imageOutcome.embeddings.makeIterator()
        let embeddings = items.compactMap { item in
            switch item {
            case .image: nextImage.next()
            case .text: nextText.next()
            }
        }
        let timings = textTimings.adding(textOutcome).merged(with: imageTimings.adding(imageOutcome))
        metrics.note(timings)
        return EmbeddingResult(
            embeddings: embeddings,
            report: RequestReport(
                model: model.description.name,
                loadTime: loadTime,
                timings: timings,
                tokenCount: tokenCount
            ),
            room: room
        )
    }
}
