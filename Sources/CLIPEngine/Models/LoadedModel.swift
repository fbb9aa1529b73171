internal import CLIPImaging
internal import CLIPModels
internal import CLIPTokenization

/// A model in memory, with what it needs for each kind of input and the threads that run its network.
struct LoadedModel: Sendable {
    /// The number of its load, which is unique.
    let ticket: Int
    let description: ModelDescription
    /// Its image side; nil for a text tower alone.
    let images: ImageSide?
    /// Its text side; nil for an image tower alone.
    let texts: TextSide?
    /// How scores are computed from cosines.
    let scoring: ScoreRule
    let worker: ModelWorker
    /// The recent costs of its images and texts.
    let costs: CostMeter

    /// How images are prepared for the model, and the cache of their embeddings.
    struct ImageSide: Sendable {
        let preprocessor: ImagePreprocessor
        /// Embeddings of images by their encoded bytes, so that a cached image need not be decoded.
        let cache: EmbeddingCache<ContentHash>
        /// The costs of the whole model.
        let costs: CostMeter
    }

    /// How texts are prepared for the model, and the cache of their embeddings.
    struct TextSide: Sendable {
        let tokenizer: CaptionTokenizer
        /// Embeddings of texts by their tokens, so that texts which differ only in spaces or case share one.
        let cache: EmbeddingCache<[Int32]>
    }

    /// How the memory for texts has been used; nil without a text tower.
    var textCacheStatistics: CacheStatistics? {
        texts?.cache.statistics.adding(byteCount: worker.prefixes.byteCount, limit: worker.prefixes.limit)
    }

    /// - Throws: `noTower` if the model embeds no images.
    func imageSide() throws(EmbeddingError) -> ImageSide {
        guard let images else { throw .noTower(.image, model: description.name) }
        return images
    }

    /// - Throws: `noTower` if the model embeds no texts.
    func textSide() throws(EmbeddingError) -> TextSide {
        guard let texts else { throw .noTower(.text, model: description.name) }
        return texts
    }

    /// Refuses a request that needs a tower which the model lacks, before the request waits for anything.
    func requireTowers(forImages hasImages: Bool, forTexts hasTexts: Bool) throws(EmbeddingError) {
        if hasImages { _ = try imageSide() }
        if hasTexts { _ = try textSide() }
    }
}
