/// Images and texts in one request.
extension EmbeddingEngine {
    /// One embedding an item, in the request's order; images and texts in any mix.
    ///
    /// - Parameters:
    ///   - items: at most `maxBatch` images and `maxTexts` texts.
    ///   - name: the model; nil for the default one.
    ///   - truncating: cuts texts that are too long, where they would be refused otherwise.
    ///   - terms: who asks, and until when.
    /// - Throws: what the other methods throw; images and texts are counted apart.
    public func embed(
        items: [ComparisonItem],
        model name: String? = nil,
        truncating: Bool = false,
        terms: RequestTerms = RequestTerms()
    ) async throws(EmbeddingError) -> EmbeddingResult {
        // What is no name of a model must not go back as one.
        _ = try registry.names.name(of: name)
        var images: [ImageSource] = []
        var texts: [String] = []
        for item in items {
            switch item {
            case .image(let image): images.append(image)
            case .text(let text): texts.append(text)
            }
        }
        // Texts are computed first, and should not be where there are too many images anyhow.
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
        // One after the other, where the rest of a request may run side by side.
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
