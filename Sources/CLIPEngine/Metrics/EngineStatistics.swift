/// How much an engine holds and has waiting at one moment.
///
/// What a backend of swift-metrics is told, it is told as it happens; this is for whoever wants to know it now, such as an exporter
/// when it is scraped. A program with another backend sets meters of its own from it, as often as it likes.
public struct EngineStatistics: Sendable {
    /// A model in memory.
    public struct Model: Sendable {
        /// Its name.
        public let name: String
        /// Bytes that it takes of ``EngineConfiguration/modelMemory``.
        public let byteCount: Int
        /// Images that wait for a forward pass.
        public let waitingImages: Int
        /// Texts that wait for a forward pass.
        public let waitingTexts: Int
        /// Its cache of images; nil where it embeds none.
        public let imageCache: CacheStatistics?
        /// Its cache of texts; nil where it embeds none.
        public let textCache: CacheStatistics?
    }

    /// The models in memory.
    public let models: [Model]
    /// How many models are on their way into memory.
    public let modelsLoading: Int
    /// Bytes that models take or were promised, those that leave included.
    public let modelBytes: Int
    /// The most that they may take; nil for any number.
    public let modelByteLimit: Int?
    /// Images and texts of requests that were let in, until these are answered.
    public let itemsInHand: Int
    /// The number of those at which more are turned away.
    public let itemLimit: Int
    /// Requests of many items that wait until they are let in.
    public let waitingLists: Int
    /// Bytes that requests hold.
    public var bytesInHand: Int { bytesByPurpose.values.reduce(0, +) }
    /// The same by what for.
    package let bytesByPurpose: [ByteBudget.Purpose: Int]
    /// The most bytes that they may hold together.
    public let byteLimit: Int
}

extension EmbeddingEngine {
    /// How much the engine holds and has waiting now.
    public var statistics: EngineStatistics {
        let (itemsInHand, waitingLists) = admission.standing
        return EngineStatistics(
            models: registry.loaded.map { model in
                let waiting = model.worker.batcher.waiting
                return EngineStatistics.Model(
                    name: model.description.name,
                    byteCount: model.description.byteCount,
                    waitingImages: waiting.images,
                    waitingTexts: waiting.texts,
                    imageCache: model.images?.cache.statistics,
                    textCache: model.texts?.cache.statistics
                )
            },
            modelsLoading: registry.coming.count,
            modelBytes: registry.byteCount,
            modelByteLimit: configuration.modelMemory,
            itemsInHand: itemsInHand,
            itemLimit: configuration.maxPendingItems,
            waitingLists: waitingLists,
            bytesByPurpose: budget.usedByPurpose,
            byteLimit: budget.limit
        )
    }
}
