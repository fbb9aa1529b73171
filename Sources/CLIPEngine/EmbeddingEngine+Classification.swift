internal import CLIPModels

/// Zero-shot classification of images and texts.
extension EmbeddingEngine {
    /// Ranks labels for each image: how well each label fits it, in the request's order.
    ///
    /// The directions of a label set are computed once for each model and cached, within `labelCacheBytes`.
    ///
    /// - Parameters:
    ///   - images: at most `maxBatch` images of any sizes and formats.
    ///   - labels: labels with at most `maxTexts` prompts in all.
    ///   - top: how many of the best labels are returned, at least one; nil for all.
    ///   - name: the model; nil for the default one.
    ///   - truncating: whether prompts that are too long are cut instead of refused.
    ///   - answerBytes: how many bytes the caller's own form of the answer will take; the result reserves them, too.
    ///   - terms: the client, its deadline and what it holds already.
    public func classify(
        images: [ImageSource],
        among labels: LabelSet,
        top: Int? = nil,
        model name: String? = nil,
        truncating: Bool = false,
        answerBytes: Int = 0,
        terms: RequestTerms = RequestTerms()
    ) async throws(EmbeddingError) -> ClassificationResult {
        let name = try registry.names.name(of: name)
        guard !images.isEmpty else { throw .noImages }
        guard images.count <= configuration.maxBatch else {
            throw .tooManyImages(count: images.count, limit: configuration.maxBatch)
        }
        try requirePromptsFit(labels)
        let (model, loadTime) = try await self.model(named: name, terms: terms)
        defer { registry.giveBack(model) }
        try model.requireTowers(forImages: true, forTexts: true)
        let question = LabelQuestion(labels, top: top, truncating: truncating)
        let bytes = answerBytes + images.count * question.byteCountOfItem
        try requireRoom(for: question, answerBytes: bytes, by: model, terms: terms)
        let request = try await begin(
            model,
            images: images,
            rankings: question.rankings(of: images.count, by: model),
            terms: terms
        )
        defer { request.end() }
        // Ten thousand labels take seconds. So what is wrong with an image is found first.
        let (prepared, timings) = try await prepared(images, for: model, terms: terms, request: request)
        let (ranking, ofLabels) = try await ranking(question, by: model, terms: terms, request: request)
        let room = try await roomForAnswer(ofBytes: bytes, terms: terms)
        let outcome = try await embeddings(of: prepared, by: model, request: request)
        return try await result(
            for: outcome.embeddings,
            by: ranking,
            model,
            loadTime: loadTime,
            timings: ofLabels.followed(by: timings.adding(outcome)),
            room: room,
            request: request
        )
    }

    /// Ranks labels for each text: how well each label fits it, in the request's order.
    ///
    /// - Parameters:
    ///   - texts: at most `maxTexts` texts.
    ///   - labels: labels with at most `maxTexts` prompts in all.
    ///   - top: how many of the best labels are returned, at least one; nil for all.
    ///   - name: the model; nil for the default one.
    ///   - truncating: whether texts and prompts that are too long are cut instead of refused.
    ///   - answerBytes: how many bytes the caller's own form of the answer will take; the result reserves them, too.
    ///   - terms: the client, its deadline and what it holds already.
    public func classify(
        texts: [String],
        among labels: LabelSet,
        top: Int? = nil,
        model name: String? = nil,
        truncating: Bool = false,
        answerBytes: Int = 0,
        terms: RequestTerms = RequestTerms()
    ) async throws(EmbeddingError) -> ClassificationResult {
        let name = try registry.names.name(of: name)
        guard !texts.isEmpty else { throw .noTexts }
        guard texts.count <= configuration.maxTexts else {
            throw .tooManyTexts(count: texts.count, limit: configuration.maxTexts)
        }
        try requirePromptsFit(labels)
        let (model, loadTime) = try await self.model(named: name, terms: terms)
        defer { registry.giveBack(model) }
        try model.requireTowers(forImages: false, forTexts: true)
        try TextPreparation.requireReadable(texts)
        let question = LabelQuestion(labels, top: top, truncating: truncating)
        // As for labels: the texts (which the request body no longer holds), their tokens and their embeddings.
        let size = texts.reduce(0) { $0 + $1.utf8.count }
        let bytesOfItem = question.byteCountOfItem + model.bytesOfEmbedding
        let bytes = answerBytes + texts.count * bytesOfItem + 2 * size
        try requireRoom(for: question, answerBytes: bytes, by: model, terms: terms)
        let request = try await begin(
            model,
            texts: texts,
            rankings: question.rankings(of: texts.count, by: model),
            terms: terms
        )
        defer { request.end() }
        // As for images: what is wrong with a text is found before the labels are computed.
        let (tokens, timings) = try await textPreparation.tokens(
            of: texts,
            by: model.textSide().tokenizer,
            truncating: truncating,
            client: terms.client
        )
        request.note(tokens: tokens.reduce(0) { $0 + $1.count })
        let (ranking, ofLabels) = try await ranking(question, by: model, terms: terms, request: request)
        let room = try await roomForAnswer(ofBytes: bytes, terms: terms)
        let outcome =
            request.isList
            ? try await embeddings(ofList: tokens, by: model, request: request)
            : try await embeddings(of: tokens, by: model, request: request)
        return try await result(
            for: outcome.embeddings,
            by: ranking,
            model,
            loadTime: loadTime,
            timings: ofLabels.followed(by: timings.adding(outcome)),
            room: room,
            request: request
        )
    }

    /// The ranking of what was embedded, told with the request's other stages.
    private func result(
        for embeddings: [Embedding],
        by ranking: LabelRanking,
        _ model: LoadedModel,
        loadTime: Duration?,
        timings: StageTimings,
        room: ByteReservation?,
        request: AdmittedRequest
    ) async throws(EmbeddingError) -> ClassificationResult {
        var timings = timings
        let predictions: [[Prediction]]
        (predictions, timings.rank) = try await self.predictions(
            for: embeddings,
            by: ranking,
            model,
            request: request
        )
        metrics.note(timings)
        return ClassificationResult(
            predictions: predictions,
            scoresSumToOne: !model.scoring.isOfPairs,
            report: RequestReport(model: model.description.name, loadTime: loadTime, timings: timings),
            room: room
        )
    }
}
