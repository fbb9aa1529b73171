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
        let (ranking, ofLabels) = try await ranking(labels, top, by: model, truncating, terms)
        let room = try await roomForAnswer(
            ofBytes: answerBytes + images.count * ranking.byteCountOfItem,
            terms: terms
        )
        let request = try await begin(model, images: images, terms: terms)
        defer { request.end() }
        let (embeddings, timings) = try await embeddings(
            of: images,
            by: model,
            terms: terms,
            request: request
        )
        let allTimings = ofLabels.followed(by: timings)
        metrics.note(allTimings)
        return ClassificationResult(
            predictions: try await predictions(for: embeddings, by: ranking, client: terms.client),
            scoresSumToOne: !model.scoring.isOfPairs,
            report: RequestReport(
                model: model.description.name,
                loadTime: loadTime,
                timings: allTimings
            ),
            room: room
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
        let (ranking, ofLabels) = try await ranking(labels, top, by: model, truncating, terms)
        // As for labels: the texts (which the request body no longer holds), their tokens and their embeddings.
        let size = texts.reduce(0) { $0 + $1.utf8.count }
        let bytesOfItem = ranking.byteCountOfItem + model.bytesOfEmbedding
        let room = try await roomForAnswer(
            ofBytes: answerBytes + texts.count * bytesOfItem + 2 * size,
            terms: terms
        )
        let (outcome, timings) = try await embedded(texts, by: model, truncating, terms)
        let allTimings = ofLabels.followed(by: timings)
        metrics.note(allTimings)
        return ClassificationResult(
            predictions: try await predictions(for: outcome.embeddings, by: ranking, client: terms.client),
            scoresSumToOne: !model.scoring.isOfPairs,
            report: RequestReport(
                model: model.description.name,
                loadTime: loadTime,
                timings: allTimings
            ),
            room: room
        )
    }

    /// Makes the ranking of a label set by the default model, for embeddings that the caller has already.
    package func ranking(
        of labels: LabelSet,
        top: Int?,
        truncating: Bool = false,
        terms: RequestTerms = RequestTerms()
    ) async throws(EmbeddingError) -> LabelRanking {
        try requirePromptsFit(labels)
        let (model, _) = try await self.model(named: defaultModel, terms: terms)
        defer { registry.giveBack(model) }
        try model.requireTowers(forImages: false, forTexts: true)
        return try await ranking(labels, top, by: model, truncating, terms).0
    }

    private func requirePromptsFit(_ labels: LabelSet) throws(EmbeddingError) {
        guard labels.promptCount <= configuration.maxTexts else {
            throw .labels(.tooManyPrompts(count: labels.promptCount, limit: configuration.maxTexts))
        }
    }

    /// Embeds texts for which room is already reserved, and tells the time that this took.
    private func embedded(
        _ texts: [String],
        by model: LoadedModel,
        _ truncating: Bool,
        _ terms: RequestTerms
    ) async throws(EmbeddingError) -> (Batcher.Outcome, StageTimings) {
        let request = try await begin(model, texts: texts, terms: terms)
        defer { request.end() }
        let (tokens, timings) = try await textPreparation.tokens(
            of: texts,
            by: model.textSide().tokenizer,
            truncating: truncating,
            client: terms.client
        )
        request.note(tokens: tokens.reduce(0) { $0 + $1.count })
        let outcome =
            request.isList
            ? try await embeddings(ofList: tokens, by: model, request: request)
            : try await embeddings(of: tokens, by: model, request: request)
        return (outcome, timings.adding(outcome))
    }

    // MARK: Labels

    /// The ranking of a label set, with its directions from the cache or computed now, and the time that computing them
    /// took.
    private func ranking(
        _ labels: LabelSet,
        _ top: Int?,
        by model: LoadedModel,
        _ truncating: Bool,
        _ terms: RequestTerms
    ) async throws(EmbeddingError) -> (LabelRanking, StageTimings) {
        var timings = StageTimings()
        let contents = labels.contents(truncating: truncating, key: labelCache.hashKey)
        let directions = try await labelCache.directions(
            for: LabelCache.Key(ticket: model.ticket, contents: contents),
            client: terms.client
        ) { () async throws(EmbeddingError) in
            let (directions, spent) = try await self.directions(of: labels, by: model, truncating, terms)
            timings = spent
            return directions
        }
        // The model may have been let go of since this request got it.
        if !registry.has(model.ticket) { labelCache.remove(ofLoads: [model.ticket]) }
        return (LabelRanking(directions, by: model.scoring, top: top), timings)
    }

    /// The direction of each label: the mean of its prompts' embeddings.
    ///
    /// - Throws: `label` for a prompt that the model cannot read.
    private func directions(
        of labels: LabelSet,
        by model: LoadedModel,
        _ truncating: Bool,
        _ terms: RequestTerms
    ) async throws(EmbeddingError) -> (EmbeddingTable, StageTimings) {
        // The prompts with their tokens, their embeddings, and the sums of those; what is kept is the cache's.
        let room = try await roomForPrompts(
            ofBytes: 2 * labels.promptByteCount + labels.promptCount * model.bytesOfEmbedding
                + labels.labels.count * 2 * model.bytesOfEmbedding,
            terms: terms
        )
        defer { room?.release() }
        let prompts = try await asideIf(labels.promptCount > Self.fewPrompts, terms.client) { labels.prompts }
        let (outcome, timings): (Batcher.Outcome, StageTimings)
        do throws(EmbeddingError) {
            (outcome, timings) = try await embedded(prompts.texts, by: model, truncating, terms)
        } catch {
            guard let text = error.textIndex, let label = prompts.classes[text].first else { throw error }
            throw .label(index: label, error)
        }
        let directions = try await asideIf(labels.promptCount > Self.fewPrompts, terms.client) {
            var directions = ClassDirections(classes: labels.labels.count)
            for (embedding, classes) in zip(outcome.embeddings, prompts.classes) {
                for label in classes { directions.add(embedding, to: label) }
            }
            return directions.table
        }
        return (directions, timings)
    }

    /// Room as for an answer; where there never is enough, the labels are told of.
    private func roomForPrompts(
        ofBytes bytes: Int,
        terms: RequestTerms
    ) async throws(EmbeddingError) -> ByteReservation? {
        do throws(EmbeddingError) {
            return try await roomForAnswer(ofBytes: bytes, terms: terms)
        } catch {
            guard case .tooMuchMemory(let bytes, let limit) = error else { throw error }
            throw .labels(.tooMuchMemory(bytes: bytes, limit: limit))
        }
    }

    /// The best labels of each embedding; a piece at a time, so that others get a turn in between.
    private func predictions(
        for embeddings: [Embedding],
        by ranking: LabelRanking,
        client: String?
    ) async throws(EmbeddingError) -> [[Prediction]] {
        guard embeddings.count * ranking.work > Self.workInPlace else {
            return ranking.predictions(for: embeddings[...])
        }
        var predictions: [[Prediction]] = []
        predictions.reserveCapacity(embeddings.count)
        let step = max(1, Self.workOfPiece / ranking.work)
        for first in stride(from: 0, to: embeddings.count, by: step) {
            let piece = embeddings[first..<min(first + step, embeddings.count)]
            predictions += try await asideIf(true, client) { ranking.predictions(for: piece) }
        }
        return predictions
    }

    /// Does work on the calling task, or, if it `isLong`, on the threads that tokenise texts.
    ///
    /// - Throws: `cancelled`.
    private func asideIf<Value: Sendable>(
        _ isLong: Bool,
        _ client: String?,
        _ work: @escaping @Sendable () -> Value
    ) async throws(EmbeddingError) -> Value {
        guard isLong else { return work() }
        guard let value = await textPreparation.pool.run(for: client, { _ in work() }), !Task.isCancelled
        else { throw .cancelled }
        return value
    }

    /// This many prompts are put together in less time than another thread takes to begin.
    private static let fewPrompts = 64
    /// Multiplications done on the calling task: a thousand labels for four images take a fifth of a millisecond.
    private static let workInPlace = 1 << 21
    /// Multiplications done in one piece: a few milliseconds' work.
    private static let workOfPiece = 1 << 25
}

extension LoadedModel {
    /// Bytes of one embedding with its array's header, which also cover its tokens.
    fileprivate var bytesOfEmbedding: Int { description.embeddingWidth * MemoryLayout<Float>.size + 64 }
}

extension LabelRanking {
    /// Bytes of one item's predictions.
    fileprivate var byteCountOfItem: Int { top * MemoryLayout<Prediction>.stride + 64 }
}
