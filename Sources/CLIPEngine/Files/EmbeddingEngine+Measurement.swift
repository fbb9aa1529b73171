/// For those who measure a model.
extension EmbeddingEngine {
    /// A model that embeds images and texts alike, brought into memory if it is not there.
    ///
    /// - Parameter name: the model; nil for the default one.
    /// - Throws: `noTower` for one that has a tower alone, and whatever loading it throws.
    package func modelOfBothTowers(named name: String?) async throws(EmbeddingError) -> ModelDescription {
        let (model, _) = try await model(named: registry.names.name(of: name), terms: RequestTerms())
        defer { registry.giveBack(model) }
        let description = model.description
        for tower in Tower.allCases where !description.towers.contains(tower) {
            throw .noTower(tower, model: description.name)
        }
        return description
    }
}
