internal import CLIPFetching
internal import CLIPImaging
internal import CLIPTokenization
internal import Synchronization

/// Turns images and texts into CLIP embeddings: the interface that every front end calls.
///
/// One engine holds the configured models, the threads that run them, the threads that decode images, and the fetcher
/// of image URLs. All methods may be called from any task at any time; requests that overlap share forward passes.
public final class EmbeddingEngine: Sendable {
    package let configuration: EngineConfiguration
    let registry: ModelRegistry
    let textPreparation: TextPreparation
    let labelCache: LabelCache
    let imagePreparation: ImagePreparation
    /// What requests hold; front ends reserve for bodies and answers.
    package let budget: ByteBudget
    let admission: AdmissionGate
    /// Makes small copies of pictures, whose cost is learnt by itself.
    let thumbnails: ThumbnailMaker
    let thumbnailCosts = CostMeter()
    let metrics: EngineMetrics
    private let fetcher: ImageFetcher?
    private let isStarted = Atomic(false)
    private let idleWatch: Task<Void, Never>?

    /// Checks the configuration.
    ///
    /// Nothing is loaded until ``start()``.
    ///
    /// - Throws: `invalidConfiguration` with every problem at once.
    public init(configuration: EngineConfiguration) throws(EmbeddingError) {
        let problems = configuration.validate()
        guard problems.isEmpty else { throw .invalidConfiguration(problems) }
        let metrics = EngineMetrics(configuration.metrics)
        self.metrics = metrics
        var configuration = configuration
        configuration.onModelEvent = { [tell = configuration.onModelEvent] event in
            metrics.note(event)
            tell(event)
        }
        self.configuration = configuration
        let labelCache = LabelCache(limit: configuration.labelCacheBytes)
        self.labelCache = labelCache
        let registry = ModelRegistry(configuration: configuration, labelCache: labelCache, metrics: metrics)
        self.registry = registry
        idleWatch =
            registry.timeUntilIdle == nil
            ? nil
            : Task { [weak registry] in
                while !Task.isCancelled, let time = registry?.timeUntilIdle {
                    try? await Task.sleep(for: max(time, .milliseconds(10)))
                    registry?.unloadIdle()
                }
            }
        budget = ByteBudget(
            limit: configuration.memoryBudget,
            longestWait: max(.seconds(1), configuration.queueTimeLimit)
        )
        admission = AdmissionGate(
            places: configuration.maxPendingItems,
            cores: configuration.computeThreads,
            longestQueue: configuration.queueTimeLimit,
            metrics: metrics
        )
        do {
            fetcher =
                configuration.allowsURLs
                ? try ImageFetcher(configuration: configuration.fetching) { [budget] bytes in
                    budget.reserveNow(bytes, for: .fetching).map { reservation in
                        FetchRoom(bytes: bytes) { reservation.shrink(to: reservation.byteCount - $0) }
                    }
                } : nil
        } catch {
            throw .failed("the fetcher of image URLs did not start: \(error)")
        }
        // Tokenising has threads of its own, because pictures may take seconds.
        textPreparation = TextPreparation(pool: WorkPool(name: "tokenize", threads: 2))
        imagePreparation = ImagePreparation(
            // Costly pictures leave one of these threads to the others.
            pool: WorkPool(name: "decode", threads: max(2, configuration.decodeThreads)),
            fetcher: fetcher,
            hashKey: configuration.imageCacheBytes > 0 ? .random() : nil,
            budget: budget,
            metrics: metrics,
            decodeTimeLimit: configuration.decodeTimeLimit
        )
        thumbnails = ThumbnailMaker(longestSide: Self.thumbnailSide, limits: configuration.imageLimits)
    }

    /// Fetches the configured models that are missing, and loads all in their order, as far as `modelMemory` allows.
    ///
    /// Requests may already come: they wait for their model as for any model that is being loaded.
    ///
    /// - Throws: `modelNotFetched`; `modelTooLarge` for a model that never fits; `modelUnavailable` for the first model
    ///   that is refused; `shuttingDown` if ``shutdown()`` or ``endFetching()`` was called. Then no model is kept.
    public func start() async throws(EmbeddingError) {
        do throws(EmbeddingError) {
            try await registry.start()
        } catch {
            registry.unloadAll(.ending)
            throw error
        }
        isStarted.store(true, ordering: .releasing)
    }

    /// Ends the fetches of ``start()`` before ``shutdown()``, while requests for other models are still answered.
    ///
    /// Requests for a model that is then missing get `shuttingDown`, now and later.
    ///
    /// - Returns: whether a configured model has not been fetched, so that the engine has never been ready.
    @discardableResult
    public func endFetching() -> Bool {
        registry.fetcher.end()
        return !isStarted.load(ordering: .acquiring)
            && configuration.models.contains { !registry.fetcher.place(of: $0).isHere }
    }

    /// Refuses requests from now on, ends fetches, and unloads the models once their requests are finished.
    ///
    /// The call does not wait for the requests.
    public func shutdown() {
        idleWatch?.cancel()
        registry.close()
        fetcher?.shutdown()
    }

    /// Whether the configured models have been loaded, as far as there is room, and requests are accepted.
    ///
    /// Models that were unloaded since, or that are loaded on demand, do not matter: the next request loads them. A
    /// default model that could not be loaded makes the engine unready, until the engine's own retries load it.
    public var isReady: Bool {
        isStarted.load(ordering: .acquiring) && !registry.isClosed && !registry.lacksDefault
    }

    /// The name of the model that requests without a name get.
    public var defaultModel: String { configuration.models[0].name }

    /// The names of the configured models, the default one first.
    public var configuredModels: [String] { configuration.models.map(\.name) }

    /// How images are decoded.
    public var decoding: ImageDecoding { configuration.decoding }

    // MARK: Embedding

    /// Embeds images: one embedding an image, in the request's order.
    ///
    /// - Parameters:
    ///   - images: at most `maxBatch` images of any sizes and formats.
    ///   - name: the model; nil for the default one.
    ///   - terms: the client, its deadline and what it holds already.
    public func embed(
        images: [ImageSource],
        model name: String? = nil,
        terms: RequestTerms = RequestTerms()
    ) async throws(EmbeddingError) -> EmbeddingResult {
        let name = try registry.names.name(of: name)
        guard !images.isEmpty else { throw .noImages }
        guard images.count <= configuration.maxBatch else {
            throw .tooManyImages(count: images.count, limit: configuration.maxBatch)
        }
        let (model, loadTime) = try await self.model(named: name, terms: terms)
        defer { registry.giveBack(model) }
        try model.requireTowers(forImages: true, forTexts: false)
        let request = try await begin(model, images: images, terms: terms)
        defer { request.end() }
        let (embeddings, timings) = try await self.embeddings(
            of: images,
            by: model,
            terms: terms,
            request: request
        )
        metrics.note(timings)
        return EmbeddingResult(
            embeddings: embeddings,
            report: RequestReport(model: model.description.name, loadTime: loadTime, timings: timings)
        )
    }

    /// Embeds texts: one embedding a text, in the request's order.
    ///
    /// - Parameters:
    ///   - texts: at most `maxTexts` texts.
    ///   - name: the model; nil for the default one.
    ///   - truncating: whether texts that are too long are cut, keeping end-of-text, instead of refused.
    ///   - terms: the client, its deadline and what it holds already.
    public func embed(
        texts: [String],
        model name: String? = nil,
        truncating: Bool = false,
        terms: RequestTerms = RequestTerms()
    ) async throws(EmbeddingError) -> EmbeddingResult {
        let name = try registry.names.name(of: name)
        guard !texts.isEmpty else { throw .noTexts }
        guard texts.count <= configuration.maxTexts else {
            throw .tooManyTexts(count: texts.count, limit: configuration.maxTexts)
        }
        let (model, loadTime) = try await self.model(named: name, terms: terms)
        defer { registry.giveBack(model) }
        try model.requireTowers(forImages: false, forTexts: true)
        let request = try await begin(model, texts: texts, terms: terms)
        defer { request.end() }
        // The room also covers the texts themselves, which the request body no longer holds, and their tokens.
        let size = texts.reduce(0) { $0 + $1.utf8.count }
        let room = try await roomForAnswer(of: texts.count, by: model, with: 2 * size, terms: terms)
        let (tokens, timings) = try await textPreparation.tokens(
            of: texts,
            by: model.textSide().tokenizer,
            truncating: truncating,
            client: terms.client
        )
        let tokenCount = tokens.reduce(0) { $0 + $1.count }
        request.note(tokens: tokenCount)
        let outcome =
            request.isList
            ? try await embeddings(ofList: tokens, by: model, request: request)
            : try await embeddings(of: tokens, by: model, request: request)
        let allTimings = timings.adding(outcome)
        metrics.note(allTimings)
        return EmbeddingResult(
            embeddings: outcome.embeddings,
            report: RequestReport(
                model: model.description.name,
                loadTime: loadTime,
                timings: allTimings,
                tokenCount: tokenCount
            ),
            room: room
        )
    }

    /// Compares a subject with prompts: the cosine between them, in the prompts' order; images and texts in any mix.
    ///
    /// - Parameters:
    ///   - subject: the image or text that the prompts are compared with.
    ///   - prompts: at most `maxBatch` images or texts.
    ///   - name: the model; nil for the default one.
    ///   - truncating: whether texts that are too long are cut instead of refused.
    ///   - terms: the client, its deadline and what it holds already.
    public func compare(
        subject: ComparisonItem,
        prompts: [ComparisonItem],
        model name: String? = nil,
        truncating: Bool = false,
        terms: RequestTerms = RequestTerms()
    ) async throws(EmbeddingError) -> ComparisonResult {
        let name = try registry.names.name(of: name)
        guard !prompts.isEmpty else { throw .noPrompts }
        guard prompts.count <= configuration.maxBatch else {
            throw .tooManyPrompts(count: prompts.count, limit: configuration.maxBatch)
        }
        let items = [subject] + prompts
        var images: [ImageSource] = []
        var texts: [String] = []
        for item in items {
            switch item {
            case .image(let image): images.append(image)
            case .text(let text): texts.append(text)
            }
        }
        let (model, loadTime) = try await self.model(named: name, terms: terms)
        defer { registry.giveBack(model) }
        try model.requireTowers(forImages: !images.isEmpty, forTexts: !texts.isEmpty)
        let request = try await begin(model, images: images, texts: texts, terms: terms)
        defer { request.end() }
        // Texts are checked first, since a caption that is too long should not cost eight decoded photographs; then
        // the model works on them while the photographs are decoded.
        let (tokens, textTimings) = try await tokens(
            of: texts,
            by: model,
            truncating: truncating,
            terms: terms
        )
        request.note(tokens: tokens.reduce(0) { $0 + $1.count })
        async let textEmbeddings = Self.attempt { () throws(EmbeddingError) in
            try await self.embeddings(of: tokens, by: model, request: request)
        }
        let (imageEmbeddings, imageTimings) = try await embeddings(
            of: images,
            by: model,
            terms: terms,
            request: request
        )
        let textOutcome = try await textEmbeddings.get()

        var nextImage = imageEmbeddings.makeIterator()
        var nextText = textOutcome.embeddings.makeIterator()
        let embeddings = items.compactMap { item in
            switch item {
            case .image: nextImage.next()
            case .text: nextText.next()
            }
        }
        let timings = textTimings.adding(textOutcome).merged(with: imageTimings)
        metrics.note(timings)
        return ComparisonResult(
            similarities: embeddings.dropFirst().map { embeddings[0].cosineSimilarity(to: $0) },
            report: RequestReport(model: model.description.name, loadTime: loadTime, timings: timings)
        )
    }

    /// Token ids of a request's texts, of which there may be none.
    func tokens(
        of texts: [String],
        by model: LoadedModel,
        truncating: Bool,
        terms: RequestTerms
    ) async throws(EmbeddingError) -> ([[Int32]], StageTimings) {
        guard !texts.isEmpty else { return ([], StageTimings()) }
        return try await textPreparation.tokens(
            of: texts,
            by: model.textSide().tokenizer,
            truncating: truncating,
            client: terms.client
        )
    }

    /// Awaits without throwing, for the part of a request that runs beside another.
    static func attempt(
        _ work: () async throws(EmbeddingError) -> Batcher.Outcome
    ) async -> Result<Batcher.Outcome, EmbeddingError> {
        do throws(EmbeddingError) {
            return .success(try await work())
        } catch {
            return .failure(error)
        }
    }

    /// Admits a request, or refuses it.
    ///
    /// - Parameter rankings: the multiplications that rank labels for what is embedded.
    func begin(
        _ model: LoadedModel,
        images: [ImageSource] = [],
        texts: [String] = [],
        rankings: Int = 0,
        terms: RequestTerms
    ) async throws(EmbeddingError) -> AdmittedRequest {
        try await AdmittedRequest.begin(
            at: admission,
            images: images,
            texts: texts,
            rankings: rankings,
            costs: model.costs,
            terms: terms
        )
    }
}
