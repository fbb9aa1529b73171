/// The models by themselves: bringing them into memory, letting go of them, and telling of them.
extension EmbeddingEngine {
    /// The models in memory: those of the configuration in its order, then the others in the order in which they came.
    public var models: [ModelDescription] { registry.loaded.map(\.description) }

    /// Bytes that models take, and the most that they may; nil for any number.
    public var modelMemory: (used: Int, limit: Int?) { (registry.byteCount, configuration.modelMemory) }

    /// The models that requests may name, whether they are in memory or not.
    ///
    /// May look at the disk.
    public var catalogue: [ModelListing] {
        let loaded = Dictionary(models.map { ($0.name, $0) }) { first, _ in first }
        let coming = registry.coming
        var listings = configuration.models.map { model in
            let source = registry.fetcher.place(of: model)
            return ModelListing(
                name: source.name,
                isDefault: source.name == defaultModel,
                state: coming.contains(source.name) ? .loading : source.isHere ? .configured : .known,
                origin: source.origin,
                directory: source.isHere ? source.directory : nil,
                isPerceptionEncoder: registry.isPerceptionEncoder(source.name)
            )
        }
        let offers = configuration.provider?.offers().filter(configuration.allowedModels.allow) ?? []
        for offer in offers where !listings.contains(where: { $0.name == offer.name }) {
            listings.append(
                ModelListing(
                    name: offer.name,
                    isDefault: false,
                    state: coming.contains(offer.name)
                        ? .loading : offer.directory == nil ? .known : .cached,
                    origin: offer.origin,
                    directory: offer.directory,
                    byteCountToFetch: offer.directory == nil ? offer.byteCount : nil
                )
            )
        }
        for index in listings.indices {
            guard let description = loaded[listings[index].name] else { continue }
            listings[index].state = .loaded
            listings[index].description = description
        }
        // Repositories that requests have named.
        let others = models.filter { model in !listings.contains { $0.name == model.name } }
        return listings
            + others.map { model in
                ModelListing(
                    name: model.name,
                    isDefault: false,
                    state: .loaded,
                    origin: model.source.origin,
                    directory: model.source.directory,
                    description: model
                )
            }
    }

    /// How the caches of a loaded model have been used, one for each of its towers; nil if it is not in memory.
    public func cacheStatistics(of name: String) -> (texts: CacheStatistics?, images: CacheStatistics?)? {
        registry.loaded.first { $0.description.name == name }.map {
            ($0.texts?.cache.statistics, $0.images?.cache.statistics)
        }
    }

    /// How many label sets are kept for all models together, and the bytes that they take.
    public var keptLabelSets: (count: Int, byteCount: Int) { (labelCache.count, labelCache.byteCount) }

    /// Forgets all embeddings that models keep, and what labels mean to them.
    public func clearCaches() {
        labelCache.removeAll()
        for model in registry.loaded {
            model.texts?.cache.removeAll()
            model.images?.cache.removeAll()
        }
    }

    /// Brings a model into memory, if it is not there.
    ///
    /// - Parameters:
    ///   - name: the model; nil for the default one.
    ///   - triesAnew: whether a load that has failed a moment ago is begun again.
    ///   - terms: who asks, and until when.
    /// - Returns: how long that took, fetching its files included, where this call caused the load.
    @discardableResult
    public func load(
        model name: String?,
        triesAnew: Bool = false,
        terms: RequestTerms = RequestTerms()
    ) async throws(EmbeddingError) -> Duration? {
        let (model, loadTime) = try await self.model(
            named: registry.names.name(of: name),
            triesAnew: triesAnew,
            terms: terms
        )
        registry.giveBack(model)
        return loadTime
    }

    /// The name of the model that a request means by another spelling, such as `ViT-B/32`.
    package func modelName(of asked: String) throws(EmbeddingError) -> String {
        try registry.names.name(of: asked)
    }

    /// Refuses a model that was loaded and is no Perception Encoder; nil means the default one.
    package func requirePerceptionEncoder(_ name: String?) throws(EmbeddingError) {
        let name = try registry.names.name(of: name)
        guard registry.isPerceptionEncoder(name) != false else { throw .notPerceptionEncoder(name) }
    }

    /// The first configured model that is a Perception Encoder, by its files, or by what the provider calls it while these are
    /// still to come.
    ///
    /// - Parameter start: what the provider's names of Perception Encoders begin with.
    package func configuredPerceptionEncoder(namedLike start: String) -> String? {
        configuredModels.first { name in
            registry.isPerceptionEncoder(name)
                ?? (name.hasPrefix(start)
                    || registry.names.knownName(ofConfigured: name)?.hasPrefix(start) == true)
        }
    }

    /// Whether the default model could not be had when it was asked for the last time.
    package var lacksDefaultModel: Bool { registry.lacksDefault }

    /// Tries the default model again that could not be had, as happens by itself.
    package func bringBackDefaultModel() {
        registry.bringBackDefault()
    }

    /// Lets go of a model.
    ///
    /// The next request that names it loads it again.
    public func unload(model name: String) throws(EmbeddingError) {
        registry.unload(try registry.names.name(of: name))
    }

    /// Lets go of all models.
    public func unloadAll() {
        registry.unloadAll()
    }

    /// Lets go of models that nobody has asked for lately, as happens by itself.
    package func unloadIdle() {
        registry.unloadIdle()
    }

    /// How many requests wait for a model to be loaded.
    package var requestsWaitingForModels: Int { registry.waiterCount }

    /// A model in memory, which a request waits for no longer than it may; to be given back.
    func model(
        named name: String,
        triesAnew: Bool = false,
        terms: RequestTerms
    ) async throws(EmbeddingError) -> (model: LoadedModel, loadTime: Duration?) {
        do throws(EmbeddingError) {
            return try await registry.model(
                named: name,
                patience: configuration.loadTimeLimit,
                heldBytes: terms.heldBytes,
                triesAnew: triesAnew
            )
        } catch {
            metrics.note(refused: error)
            throw error
        }
    }
}
