/// What the names in requests mean: configured models, those that may be brought, and those that may not.
struct ModelNames: Sendable {
    /// The configured models by name.
    let sources: [String: ModelSource]
    private let standard: String
    /// The configured models by the repositories that they come from.
    private let origins: [String: String]
    /// The provider's names, and those of them that requests may use; nil where nothing brings models.
    private let known: Set<String>?
    private let allowed: Set<String>
    private let allowedModels: AllowedModels

    init(_ configuration: EngineConfiguration) {
        let models = configuration.models
        standard = models[0].name
        sources = Dictionary(models.map { ($0.name, $0) }) { first, _ in first }
        origins = Dictionary(
            models.compactMap { model in model.origin.map { ($0.repository, model.name) } }
        ) { first, _ in first }
        known = configuration.provider.map { Set($0.names) }
        allowedModels = configuration.allowedModels
        let offers = configuration.provider?.offers() ?? []
        allowed = Set(offers.filter(configuration.allowedModels.allow).map(\.name))
    }

    /// The name of the model that a request means; nil asks for the default one.
    ///
    /// A configured model is also known by the repository that it comes from.
    ///
    /// - Throws: `modelNotAllowed` for one that could be brought if the operator allowed it, `unknownModel` for any other that is
    ///   not there, `invalidModelName` for what could not even be one.
    func name(of asked: String?) throws(EmbeddingError) -> String {
        guard let asked else { return standard }
        if sources[asked] != nil { return asked }
        if let name = origins[asked] { return name }
        let isRepository = AllowedModels.isRepository(asked)
        guard isRepository || EngineConfiguration.isModelName(asked) else { throw .invalidModelName(asked) }
        // With the real server, no name has a slash.
        guard let known else { throw isRepository ? .invalidModelName(asked) : .unknownModel(asked) }
        if allowed.contains(asked) || isRepository && allowedModels.allowsRepository(asked) { return asked }
        throw isRepository || known.contains(asked) ? .modelNotAllowed(asked) : .unknownModel(asked)
    }
}
