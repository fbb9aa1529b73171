extension EmbeddingEngine {
    /// The largest number of images in a request, and of prompts in a comparison.
    public var maxBatch: Int { configuration.maxBatch }

    /// The largest number of texts in a request.
    public var maxTexts: Int { configuration.maxTexts }
}
