/// What an engine holds, and how much waits, at one moment.
///
/// Events are reported to the backend of swift-metrics as they happen; these values are read on demand, for example by
/// an exporter when it is scraped. A program with another backend can set its own meters from them.
public struct EngineStatistics: Sendable {
    /// A model in memory.
    public struct Model: Sendable {
        /// Its name.
        public let name: String
        /// The bytes that count against ``EngineConfiguration/modelMemory``.
        public let byteCount: Int
        /// The number of images that wait for a forward pass.
        public let waitingImages: Int
        /// The number of texts that wait for a forward pass.
        public let waitingTexts: Int
        /// The cache of image embeddings; nil if the model embeds no images.
        public let imageCache: CacheStatistics?
        /// The cache of text embeddings; nil if the model embeds no texts.
        public let textCache: CacheStatistics?
    }

    /// The models in memory.
    public let models: [Model]
    /// What labels mean to models, of all of them together: an entry is a set of labels, and an item is a request's set.
    public let labelCache: CacheStatistics
    /// How many models are on their way into memory.
    public let modelsLoading: Int
    /// The bytes that models take or have reserved, including those that are being unloaded.
    public let modelBytes: Int
    /// The limit of those bytes; nil for none.
    public let modelByteLimit: Int?
    /// The images and texts of admitted requests that are not answered yet.
    public let itemsInHand: Int
    /// The number of such items from which new requests are refused.
    public let itemLimit: Int
    /// Requests of many items that wait to be admitted.
    public let waitingLists: Int
    /// Bytes that requests hold.
    public var bytesInHand: Int { bytesByPurpose.values.reduce(0, +) }
    /// The same bytes by purpose.
    package let bytesByPurpose: [ByteBudget.Purpose: Int]
    /// The limit of those bytes.
    public let byteLimit: Int
}

extension EmbeddingEngine {
    /// The engine's statistics at this moment.
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
                    textCache: model.textCacheStatistics
                )
            },
            labelCache: labelCache.statistics,
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
