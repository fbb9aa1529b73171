internal import CLIPImaging
internal import CLIPModels
internal import CLIPTokenization

/// A model that answers requests: what it has for each kind of input, and the threads that run its network.
struct LoadedModel: Sendable {
    /// The number of its load, which no other model has.
    let ticket: Int
    let description: ModelDescription
    /// What it has for images; nil for a text tower alone.
    let images: ImageSide?
    /// What it has for texts; nil for an image tower alone.
    let texts: TextSide?
    /// How scores come of cosines.
    let scoring: ScoreRule
    let worker: ModelWorker
    /// What its images and texts have cost lately.
    let costs: CostMeter

    /// How images are prepared for a model, and what it has answered.
    struct ImageSide: Sendable {
        let preprocessor: ImagePreprocessor
        /// Embeddings of images by their encoded bytes, so that one that is known need not even be decoded.
        let cache: EmbeddingCache<ContentHash>
        /// The model's.
        let costs: CostMeter
    }

    /// How texts are prepared for a model, and what it has answered.
    struct TextSide: Sendable {
        let tokenizer: CaptionTokenizer
        /// Embeddings of texts by their tokens, so that texts which differ only in spaces or case count as one.
        let cache: EmbeddingCache<[Int32]>
    }

    /// - Throws: `noTower` where it embeds no images.
    func imageSide() throws(EmbeddingError) -> ImageSide {
        guard let images else { throw .noTower(.image, model: description.name) }
        return images
    }

    /// - Throws: `noTower` where it embeds no texts.
    func textSide() throws(EmbeddingError) -> TextSide {
        guard let texts else { throw .noTower(.text, model: description.name) }
        return texts
    }

    /// Refuses, before anything is waited for, a request that needs a tower which is not there.
    func requireTowers(forImages hasImages: Bool, forTexts hasTexts: Bool) throws(EmbeddingError) {
        if hasImages { _ = try imageSide() }
        if hasTexts { _ = try textSide() }
    }
}
