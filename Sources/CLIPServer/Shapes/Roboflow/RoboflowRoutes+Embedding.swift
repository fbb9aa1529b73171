import CLIPEngine

/// The routes that run a model. Checks come in the real server's order: the body's form, the model, how many images or
/// prompts there are, and only then the images and texts themselves.
extension RouteContext {
    func embedImage(_ input: RouteInput, family: ModelFamily) async throws(APIError) -> Answer {
        let query = RoboflowQuery(input.query, family: family)
        let body = try await embedImageBody(input, query, family: family)
        try requireModelName(query)
        let model = self.model(body.common.model, family)
        let images: [ImageSource]
        do {
            images = try body.sources()
        } catch {
            return await refusal(error, model: model, family, input)
        }
        return await answer(model: model, family, input) { (start) throws(EmbeddingError) in
            let result = try await engine.embed(images: images, model: model, terms: input.terms)
            let bytes = try await write(
                result,
                normalizing: body.common.normalizes,
                family: family,
                seconds: result.report.seconds(since: start),
                for: input.terms.client
            )
            return (result.report, bytes, result.room)
        } place: { error in
            guard images.count > 1, case .image(let index, _) = error else { return nil }
            return "image \(index + 1) of \(images.count)"
        }
    }

    /// Refuses a query with a name that can be no model's, also where the body names another.
    private func requireModelName(_ query: RoboflowQuery) throws(APIError) {
        do throws(EmbeddingError) {
            if let name = query.fields.model { _ = try engine.modelName(of: listedName(name)) }
        } catch {
            throw .embedding(error, place: nil)
        }
    }

    private func embedImageBody(
        _ input: RouteInput,
        _ query: RoboflowQuery,
        family: ModelFamily
    ) async throws(APIError) -> EmbedImageBody {
        if let picture = try pictureBody(input) { return try EmbedImageBody(picture: picture, query: query) }
        if let boundary = try formBoundary(input) {
            return try await desk.read(input, boundary: boundary) { (form) throws(APIError) in
                try EmbedImageBody(form, query: query, family: family)
            }
        }
        return try await desk.read(input, beside: query.problems) { (fields) throws(APIError) in
            try EmbedImageBody(&fields, family: family, over: query.fields)
        }
    }

    func embedText(_ input: RouteInput, family: ModelFamily) async throws(APIError) -> Answer {
        let query = RoboflowQuery(input.query, family: family)
        let body = try await desk.read(input, beside: query.problems) { (fields) throws(APIError) in
            try EmbedTextBody(&fields, family: family, over: query.fields)
        }
        try requireModelName(query)
        let model = self.model(body.common.model, family)
        return await answer(model: model, family, input) { (start) throws(EmbeddingError) in
            let result = try await engine.embed(
                texts: body.texts,
                model: model,
                truncating: body.common.truncates,
                terms: input.terms
            )
            let bytes = try await write(
                result,
                normalizing: body.common.normalizes,
                family: family,
                seconds: result.report.seconds(since: start),
                for: input.terms.client
            )
            return (result.report, bytes, result.room)
        } place: { error in
            guard body.texts.count > 1, let index = error.textIndex else { return nil }
            return "text \(index + 1) of \(body.texts.count)"
        }
    }

    func compare(_ input: RouteInput, family: ModelFamily) async throws(APIError) -> Answer {
        let query = RoboflowQuery(input.query, family: family)
        let body = try await desk.read(input, beside: query.problems) { (fields) throws(APIError) in
            try CompareBody(&fields, family: family, over: query.fields)
        }
        try requireModelName(query)
        let model = self.model(body.common.model, family)
        let subject: ComparisonItem
        let prompts: [ComparisonItem]
        do {
            subject = try body.comparisonSubject()
            prompts = try body.comparisonPrompts()
        } catch {
            return await refusal(error, model: model, family, input)
        }
        return await answer(model: model, family, input) { (start) throws(EmbeddingError) in
            let room = try await engine.roomForAnswer(
                ofBytes: RoboflowAnswers.mostBytes(ofSimilaritiesTo: body.prompts),
                terms: input.terms
            )
            let result = try await engine.compare(
                subject: subject,
                prompts: prompts,
                model: model,
                truncating: body.common.truncates,
                terms: input.terms
            )
            let seconds = result.report.seconds(since: start)
            let bytes = try await desk.write(isLong: room != nil, for: input.terms.client) {
                [prompts = body.prompts] _ in
                RoboflowAnswers.similarities(
                    result.similarities,
                    prompts: prompts,
                    model: "\(family.prefix)/\(result.report.model)",
                    seconds: seconds
                )
            }
            return (result.report, bytes, room)
        } place: { error in
            Self.place(of: error, subject: subject, prompts: prompts)
        }
    }

    /// The body of an answer with embeddings.
    ///
    /// - Throws: `cancelled`, when the client leaves in the middle.
    private func write(
        _ result: EmbeddingResult,
        normalizing: Bool,
        family: ModelFamily,
        seconds: Double,
        for client: String?
    ) async throws(EmbeddingError) -> [UInt8] {
        let count = result.embeddings.count * (result.embeddings.first?.values.count ?? 0)
        return try await desk.write(isLong: count > WireDesk.mostNumbersInPlace, for: client) { isUnwanted in
            RoboflowAnswers.embeddings(
                normalizing ? result.embeddings.map(\.normalized) : result.embeddings,
                model: "\(family.prefix)/\(result.report.model)",
                seconds: seconds,
                unless: isUnwanted
            )
        }
    }

    /// The model that a request means; nil for the server's default.
    private func model(_ name: String?, _ family: ModelFamily) -> String? {
        if let name { return listedName(name) }
        guard let standard = family.defaultModel else { return nil }
        guard !engine.configuredModels.contains(standard), let start = family.likeDefault else {
            return standard
        }
        return engine.configuredPerceptionEncoder(namedLike: start) ?? standard
    }

    /// Brings a request's model, which has to be of the kind that its routes are for: a CLIP's embeddings would be taken for a
    /// Perception Encoder's.
    private func load(
        _ model: String?,
        _ family: ModelFamily,
        _ input: RouteInput
    ) async throws(EmbeddingError) -> Duration? {
        let loadTime = try await engine.load(model: model, terms: input.terms)
        if family == .perceptionEncoder { try engine.requirePerceptionEncoder(model) }
        return loadTime
    }

    /// What is wrong with an image or a type, unless the model that was asked for is none: then that is told.
    private func refusal(
        _ error: APIError,
        model: String?,
        _ family: ModelFamily,
        _ input: RouteInput
    ) async -> Answer {
        guard let model else { return Answer(error, model: engine.defaultModel, family: family.prefix) }
        do {
            let loadTime = try await load(model, family, input)
            var answer = Answer(error, model: model, family: family.prefix)
            answer.loadTime = loadTime
            return answer
        } catch {
            return Answer(
                .embedding(error, place: nil),
                model: named(model, in: error),
                family: family.prefix
            )
        }
    }

    /// The engine's answer or refusal, with the model's name on it for the headers.
    ///
    /// - Parameter body: is given the time at which the model was there: an answer's `time` tells of what follows.
    private func answer(
        model: String?,
        _ family: ModelFamily,
        _ input: RouteInput,
        _ body: (ContinuousClock.Instant) async throws(EmbeddingError) -> (
            RequestReport, [UInt8], ByteReservation?
        ),
        place: (EmbeddingError) -> String?
    ) async -> Answer {
        var loadTime: Duration?
        do {
            loadTime = try await load(model, family, input)
            let (report, bytes, room) = try await body(.now)
            room?.shrink(to: bytes.count)
            var answer = Answer(bytes)
            answer.room = room
            answer.model = report.model
            answer.family = family.prefix
            answer.report = report
            answer.loadTime = report.loadTime ?? loadTime
            return answer
        } catch {
            var answer = Answer(
                .embedding(error, place: place(error)),
                model: named(model, in: error),
                family: family.prefix
            )
            answer.loadTime = loadTime
            return answer
        }
    }

    /// Says which side of a comparison an error is about.
    static func place(of error: EmbeddingError, subject: ComparisonItem, prompts: [ComparisonItem]) -> String?
    {
        error.position(among: [subject] + prompts).map { position in
            position == 0 ? "subject" : "prompt \(position) of \(prompts.count)"
        }
    }
}
