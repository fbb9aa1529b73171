internal import CLIPModels

/// Label sets, and their ranking for what was embedded.
extension EmbeddingEngine {
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
        let question = LabelQuestion(labels, top: top, truncating: truncating)
        let (directions, _) = try await directions(
            for: key(of: question, by: model),
            question,
            by: model,
            terms
        )
        return LabelRanking(directions, by: model.scoring, top: question.top)
    }

    func requirePromptsFit(_ labels: LabelSet) throws(EmbeddingError) {
        guard labels.promptCount <= configuration.maxTexts else {
            throw .labels(.tooManyPrompts(count: labels.promptCount, limit: configuration.maxTexts))
        }
    }

    /// Refuses what there never is room for, before anything of a request is computed.
    func requireRoom(
        for question: LabelQuestion,
        answerBytes: Int,
        by model: LoadedModel,
        terms: RequestTerms
    ) throws(EmbeddingError) {
        try requireRoomForAnswer(ofBytes: answerBytes, terms: terms)
        do throws(EmbeddingError) {
            try requireRoomForAnswer(ofBytes: question.promptBytes(by: model), terms: terms)
        } catch {
            throw Self.ofLabels(error)
        }
    }

    /// Where there never is enough room for prompts, it is the labels that are told of.
    private static func ofLabels(_ error: EmbeddingError) -> EmbeddingError {
        guard case .tooMuchMemory(let bytes, let limit) = error else { return error }
        return .labels(.tooMuchMemory(bytes: bytes, limit: limit))
    }

    // MARK: Directions

    /// The ranking of a label set, and the time that computing its directions took.
    ///
    /// - Parameter request: whose images and texts have been looked at. Unless the directions are kept, it has no places while
    ///   they are computed, which may take ten seconds.
    func ranking(
        _ question: LabelQuestion,
        by model: LoadedModel,
        terms: RequestTerms,
        request: AdmittedRequest
    ) async throws(EmbeddingError) -> (LabelRanking, StageTimings) {
        let key = key(of: question, by: model)
        if let kept = labelCache.kept(key) {
            return (LabelRanking(kept, by: model.scoring, top: question.top), StageTimings())
        }
        let (directions, timings) = try await request.withoutPlaces { () async throws(EmbeddingError) in
            try await self.directions(for: key, question, by: model, terms)
        }
        return (LabelRanking(directions, by: model.scoring, top: question.top), timings)
    }

    private func key(of question: LabelQuestion, by model: LoadedModel) -> LabelCache.Key {
        LabelCache.Key(
            ticket: model.ticket,
            contents: question.labels.contents(truncating: question.truncating, key: labelCache.hashKey)
        )
    }

    /// The directions of a label set, from the cache or computed now, and the time that computing them took.
    private func directions(
        for key: LabelCache.Key,
        _ question: LabelQuestion,
        by model: LoadedModel,
        _ terms: RequestTerms
    ) async throws(EmbeddingError) -> (EmbeddingTable, StageTimings) {
        var timings = StageTimings()
        let directions = try await labelCache.directions(for: key, client: terms.client) {
            () async throws(EmbeddingError) in
            let (directions, spent) = try await self.directions(of: question, by: model, terms)
            timings = spent
            return directions
        }
        // The model may have been let go of since this request got it.
        if !registry.has(model.ticket) { labelCache.remove(ofLoads: [model.ticket]) }
        return (directions, timings)
    }

    /// The direction of each label: the mean of its prompts' embeddings.
    ///
    /// - Throws: `label` for a prompt that the model cannot read.
    private func directions(
        of question: LabelQuestion,
        by model: LoadedModel,
        _ terms: RequestTerms
    ) async throws(EmbeddingError) -> (EmbeddingTable, StageTimings) {
        let labels = question.labels
        let room: ByteReservation?
        do throws(EmbeddingError) {
            // What is kept of it is the cache's.
            room = try await roomForAnswer(ofBytes: question.promptBytes(by: model), terms: terms)
        } catch {
            throw Self.ofLabels(error)
        }
        defer { room?.release() }
        let prompts = try await asideIf(labels.promptCount > Self.fewPrompts, terms.client) { labels.prompts }
        let (outcome, timings): (Batcher.Outcome, StageTimings)
        do throws(EmbeddingError) {
            (outcome, timings) = try await embedded(prompts.texts, question, by: model, terms)
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

    /// Embeds prompts for which room is already reserved, and tells the time that this took.
    private func embedded(
        _ prompts: [String],
        _ question: LabelQuestion,
        by model: LoadedModel,
        _ terms: RequestTerms
    ) async throws(EmbeddingError) -> (Batcher.Outcome, StageTimings) {
        let request = try await begin(model, texts: prompts, terms: terms)
        defer { request.end() }
        let (tokens, timings) = try await textPreparation.tokens(
            of: prompts,
            by: model.textSide().tokenizer,
            truncating: question.truncating,
            client: terms.client
        )
        request.note(tokens: tokens.reduce(0) { $0 + $1.count })
        let outcome =
            request.isList
            ? try await embeddings(ofList: tokens, by: model, request: request)
            : try await embeddings(of: tokens, by: model, request: request)
        return (outcome, timings.adding(outcome))
    }

    // MARK: Ranking

    /// The best labels of each embedding, with the time that ranking them took; a piece at a time, so that others get a turn in
    /// between.
    func predictions(
        for embeddings: [Embedding],
        by ranking: LabelRanking,
        _ model: LoadedModel,
        request: AdmittedRequest
    ) async throws(EmbeddingError) -> ([[Prediction]], Duration) {
        let start = ContinuousClock.now
        let costs = model.costs
        @Sendable func ranked(_ piece: ArraySlice<Embedding>) -> [[Prediction]] {
            let start = ContinuousClock.now
            let predictions = ranking.predictions(for: piece)
            costs.spendOnRanking(ContinuousClock.now - start, multiplications: piece.count * ranking.work)
            return predictions
        }
        guard embeddings.count * ranking.work > Self.workInPlace else {
            return (ranked(embeddings[...]), ContinuousClock.now - start)
        }
        var predictions: [[Prediction]] = []
        predictions.reserveCapacity(embeddings.count)
        let step = max(1, Self.workOfPiece / ranking.work)
        for first in stride(from: 0, to: embeddings.count, by: step) {
            let piece = embeddings[first..<min(first + step, embeddings.count)]
            predictions += try await asideIf(true, request.client) { ranked(piece) }
            request.ranked(piece.count * ranking.work)
        }
        return (predictions, ContinuousClock.now - start)
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
