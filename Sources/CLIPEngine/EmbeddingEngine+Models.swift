/// Loading, unloading and listing models.
extension EmbeddingEngine {
    /// The models in memory: the configured ones in their order, then the others in the order in which they were
    /// loaded.
    public var models: [ModelDescription] { registry.loaded.map(\.description) }

    /// The bytes that models take, and the limit; a limit of nil means none.
    public var modelMemory: (used: Int, limit: Int?) { (registry.byteCount, configuration.modelMemory) }

    /// The models that requests may name, whether they are in memory or not.
    ///
    /// This may read the disk.
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
        // Repositories that requests have named are not among the provider's names.
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

    /// How the caches of a loaded model have been used, one for each of its towers; nil if the model is not in memory.
    public func cacheStatistics(of name: String) -> (texts: CacheStatistics?, images: CacheStatistics?)? {
        registry.loaded.first { $0.description.name == name }.map {
            ($0.textCacheStatistics, $0.images?.cache.statistics)
        }
    }

    /// How many label sets are cached for all models together, and the bytes that they take.
    public var keptLabelSets: (count: Int, byteCount: Int) { (labelCache.count, labelCache.byteCount) }

    /// Empties all caches: the embeddings of all models, and the directions of label sets.
    public func clearCaches() {
        labelCache.removeAll()
        for model in registry.loaded {
            model.texts?.cache.removeAll()
            model.worker.prefixes.removeAll()
            model.images?.cache.removeAll()
        }
    }

    /// Brings a model into memory, if it is not there yet.
    ///
    /// - Parameters:
    ///   - name: the model; nil for the default one.
    ///   - triesAnew: whether a load is begun again although one has failed a moment ago.
    ///   - terms: the client, its deadline and what it holds already.
    /// - Returns: how long the load took, including fetching the model's files; nil if this call did not cause it.
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

    /// Refuses a model that is known to be no Perception Encoder; nil means the default model.
    package func requirePerceptionEncoder(_ name: String?) throws(EmbeddingError) {
        let name = try registry.names.name(of: name)
        guard registry.isPerceptionEncoder(name) != false else { throw .notPerceptionEncoder(name) }
    }

    /// The first configured model that is a Perception Encoder: by its files, or, while these are still to be fetched,
    /// by the provider's name for it.
    ///
    /// - Parameter start: the beginning of the provider's names of Perception Encoders.
    package func configuredPerceptionEncoder(namedLike start: String) -> String? {
        configuredModels.first { name in
            registry.isPerceptionEncoder(name)
                ?? (name.hasPrefix(start)
                    || registry.names.knownName(ofConfigured: name)?.hasPrefix(start) == true)
        }
    }

    /// Whether the last attempt to bring the default model into memory failed.
    package var lacksDefaultModel: Bool { registry.lacksDefault }

    /// Tries again to load a default model that could not be loaded; the engine also does so by itself.
    package func bringBackDefaultModel() {
        registry.bringBackDefault()
    }

    /// Removes a model from memory, once the requests that use it are finished.
    ///
    /// The next request that names it loads it again.
    public func unload(model name: String) throws(EmbeddingError) {
        registry.unload(try registry.names.name(of: name))
    }

    /// Removes all models from memory.
    public func unloadAll() {
        registry.unloadAll()
    }

    /// Removes the models that have not been used lately; the engine also does so by itself.
    package func unloadIdle() {
        registry.unloadIdle()
    }

    /// How many requests wait for a model to be loaded.
    package var requestsWaitingForModels: Int { registry.waiterCount }

    /// Waits for a model to be in memory, for as long as the request may wait; the caller has to give it back.
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
