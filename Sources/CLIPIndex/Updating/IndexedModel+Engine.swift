package import CLIPEngine

extension IndexedModel {
    /// One of the engine's models, with what it makes of a certain picture.
    ///
    /// - Parameters:
    ///   - name: the model; nil for the default one.
    ///   - terms: of the request that it is looked at for.
    package init(
        of engine: EmbeddingEngine,
        named name: String? = nil,
        source: String = "",
        terms: RequestTerms = RequestTerms()
    ) async throws(EmbeddingError) {
        let sample = try await ModelSample(of: engine, named: name, terms: terms)
        self.init(name: sample.name, precision: sample.precision, sample: sample.embedding, source: source)
    }
}
