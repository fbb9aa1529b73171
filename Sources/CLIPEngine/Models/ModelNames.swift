/// The models that names in requests stand for: configured ones, those that may be loaded, and those that may not.
struct ModelNames: Sendable {
    /// The configured models by name.
    let sources: [String: ModelSource]
    private let standard: String
    /// The names of configured models by the repositories that they come from.
    private let origins: [String: String]
    /// The provider's names of models by their repositories.
    private let knownNames: [String: String]
    private let provider: ModelProvider?
    /// The provider's names that requests may use.
    private let allowed: Set<String>
    private let allowedModels: AllowedModels

    init(_ configuration: EngineConfiguration) {
        let models = configuration.models
        standard = models[0].name
        sources = Dictionary(models.map { ($0.name, $0) }) { first, _ in first }
        origins = Dictionary(
            models.compactMap { model in model.origin.map { ($0.repository, model.name) } }
        ) { first, _ in first }
        provider = configuration.provider
        allowedModels = configuration.allowedModels
        let offers = configuration.provider?.offers() ?? []
        allowed = Set(offers.filter(configuration.allowedModels.allow).map(\.name))
        knownNames = Dictionary(
            offers.compactMap { offer in offer.origin.map { ($0.repository, offer.name) } }
        ) { first, _ in first }
    }

    /// The name of the model that a request asks for; nil means the default one.
    ///
    /// A configured model is also known by its repository, and one of the provider's by other spellings.
    ///
    /// - Throws: `modelNotAllowed` for a model that could be loaded if the operator allowed it, `invalidModelName` for
    ///   a name that no model can have, `unknownModel` for any other name.
    func name(of asked: String?) throws(EmbeddingError) -> String {
        guard let asked else { return standard }
        // Looking up a long text can take minutes, for example megabytes of combining marks.
        guard asked.utf8.count <= Self.longest else { throw .invalidModelName(asked) }
        if sources[asked] != nil { return asked }
        if let name = origins[asked] { return name }
        guard let provider else {
            // On Roboflow's server, too, no name has a slash.
            throw EngineConfiguration.isModelName(asked) ? .unknownModel(asked) : .invalidModelName(asked)
        }
        if let known = provider.knownName(asked) {
            guard sources[known] != nil || allowed.contains(known) else { throw .modelNotAllowed(asked) }
            return known
        }
        guard provider.isRepository(asked) else {
            throw EngineConfiguration.isModelName(asked) ? .unknownModel(asked) : .invalidModelName(asked)
        }
        guard allowedModels.allowsRepository(asked) else { throw .modelNotAllowed(asked) }
        return asked
    }

    /// The limit in bytes; no name of a model, directory or repository is longer.
    private static let longest = 1024

    /// The provider's name for the repository of a configured model; nil if it has none.
    func knownName(ofConfigured name: String) -> String? {
        sources[name]?.origin.flatMap { knownNames[$0.repository] }
    }
}
