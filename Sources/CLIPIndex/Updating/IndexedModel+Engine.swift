package import CLIPEngine

extension IndexedModel {
    /// The engine's default model, with what it makes of a certain picture.
    package init(of engine: EmbeddingEngine, source: String = "") async throws(EmbeddingError) {
        let sample = try await ModelSample(of: engine)
        self.init(name: sample.name, precision: sample.precision, sample: sample.embedding, source: source)
    }
}
