internal import CLIPImaging
internal import CLIPTokenization

/// A model that answers requests: its two recipes for input, the threads that run its network, and what it has answered.
struct LoadedModel: Sendable {
    /// The number of its load, which no other model has.
    let ticket: Int
    let description: ModelDescription
    let tokenizer: CaptionTokenizer
    let preprocessor: ImagePreprocessor
    let worker: ModelWorker
    /// What its images and texts have cost lately.
    let costs: CostMeter
    /// Embeddings of texts by their tokens, so that texts which differ only in spaces or case count as one.
    let texts: EmbeddingCache<[Int32]>
    /// Embeddings of images by their encoded bytes, so that one that is known need not even be decoded.
    let images: EmbeddingCache<ContentHash>
}
