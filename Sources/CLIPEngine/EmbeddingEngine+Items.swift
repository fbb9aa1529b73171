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
        // Texts are computed first, so the number of images is checked before any text is.
        guard images.count <= configuration.maxBatch else {
            throw .tooManyImages(count: images.count, limit: configuration.maxBatch)
        }
        guard !images.isEmpty else {
            return try await embed(texts: texts, model: name, truncating: truncating, terms: terms)
        }
        guard !texts.isEmpty else { return try await embed(images: images, model: name, terms: terms) }
        let ofTexts = try await embed(texts: texts, model: name, truncating: truncating, terms: terms)
        let ofImages = try await embed(images: images, model: name, terms: terms)
        var nextText = ofTexts.embeddings.makeIterator()
        var nextImage = ofImages.embeddings.makeIterator()
        let embeddings = items.compactMap { item in
            switch item {
            case .image: nextImage.next()
            case .text: nextText.next()
            }
        }
        var timings = ofTexts.report.timings.merged(with: ofImages.report.timings)
        // The two waits follow each other; the other stages count as if they ran side by side.
        timings.queue = ofTexts.report.timings.queue + ofImages.report.timings.queue
        timings.forward = ofTexts.report.timings.forward + ofImages.report.timings.forward
        return EmbeddingResult(
            embeddings: embeddings,
            report: RequestReport(
                model: ofTexts.report.model,
                loadTime: ofTexts.report.loadTime ?? ofImages.report.loadTime,
                timings: timings,
                tokenCount: ofTexts.report.tokenCount
            ),
            room: ofTexts.room
        )
    }
}
