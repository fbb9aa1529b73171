import ArgumentParser
internal import CLIPEngine
internal import Foundation

/// `clip models`: lists the models that are configured, those on this machine, and those that could be fetched.
struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List the configured models, and those that are known by a name.",
        discussion: """
            Configurations, vocabularies and the headers of weights are read, weights are not. --load also loads the \
            configured models, which checks them whole, and says how long that takes. The memory of a model is what --model-memory \
            of a server counts: its weights, and its caches when they are full.
            """
    )

    @OptionGroup var options: ModelOptions

    @Flag(help: "Print one JSON object a line instead of a table.")
    var json = false

    @Flag(help: "Load the configured models, and list these alone.")
    var load = false

    func run() async throws {
        var environment = Environment()
        var configuration = options.engineConfiguration(
            &environment,
            cachesImages: true,
            allowing: load ? .none : .known
        )
        let lines: [ModelLine]
        if load {
            lines = try await withEngine(configuration, options, environment) { engine in
                engine.catalogue.map { ModelLine($0) }
            }
        } else {
            configuration.provider = ModelProvision.provider(options.hubOptions.hub(environment))
            configuration.allowedModels = .known
            try environment.requireNoProblems(of: configuration)
            // Even to list a model its files have to be here.
            try await options.fetchModels(for: &configuration, environment)
            lines = try Self.lines(configuration, environment)
        }
        if !json { try Terminal.write(line: ModelLine.header) }
        for line in lines { try Terminal.write(line: json ? line.json : line.row) }
    }

    /// Configured models must be valid; models in the cache are listed as far as they can be read.
    private static func lines(
        _ configuration: EngineConfiguration,
        _ environment: Environment
    ) throws -> [ModelLine] {
        do {
            return try EmbeddingEngine(configuration: configuration).catalogue.map { listing in
                guard let directory = listing.directory else { return ModelLine(listing) }
                let source = ModelSource(name: listing.name, directory: directory, origin: listing.origin)
                do throws(EmbeddingError) {
                    return ModelLine(listing, try ModelOutline(of: source, configuration))
                } catch {
                    guard listing.state == .cached else { throw error }
                    return ModelLine(listing)
                }
            }
        } catch let error as EmbeddingError {
            throw CommandFailure(error, environment, models: configuration.models)
        }
    }
}
