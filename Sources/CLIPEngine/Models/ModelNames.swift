/// What the names in requests mean: configured models, those that may be brought, and those that may not.
struct ModelNames: Sendable {
    /// The configured models by name.
    let sources: [String: ModelSource]
    private let standard: String
    /// The configured models by the repositories that they come from.
    private let origins: [String: String]
    /// The provider's names for the repositories that it knows by one.
    private let knownNames: [String: String]
    private let provider: ModelProvider?
    /// Those of the provider's names that requests may use.
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

    /// The name of the model that a request means; nil asks for the default one.
    ///
    /// A configured model is also known by the repository that it comes from, and one that the provider knows by other spellings.
    ///
    /// - Throws: `modelNotAllowed` for one that could be brought if the operator allowed it, `unknownModel` for any other that is
    ///   not there, `invalidModelName` for what could not even be one.
    func name(of asked: String?) throws(EmbeddingError) -> String {
        guard let asked else { return standard }
        // Looking up a text takes long where it is long and odd, such as megabytes of combining marks.
        guard asked.utf8.count <= Self.longest else { throw .invalidModelName(asked) }
        if sources[asked] != nil { return asked }
        if let name = origins[asked] { return name }
        guard let provider else {
            // With the real server, no name has a slash.
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

    /// More bytes than any name of a model, a directory or a repository has.
    private static let longest = 1024

    /// The provider's name for the repository that a configured model comes from; nil where it has none.
    func knownName(ofConfigured name: String) -> String? {
        sources[name]?.origin.flatMap { knownNames[$0.repository] }
    }
}
