/// What measuring a model needs.
extension EmbeddingEngine {
    /// The description of a model that has both towers; the model is loaded if it is not in memory.
    ///
    /// - Parameter name: the model; nil for the default one.
    /// - Throws: `noTower` if the model has only one tower, and whatever loading it throws.
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
