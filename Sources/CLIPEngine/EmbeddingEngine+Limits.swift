extension EmbeddingEngine {
    /// Most images of a request, and most prompts of a comparison.
    public var maxBatch: Int { configuration.maxBatch }

    /// Most texts of a request.
    public var maxTexts: Int { configuration.maxTexts }
}
