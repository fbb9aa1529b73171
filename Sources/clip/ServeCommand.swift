import ArgumentParser
internal import CLIPEngine
internal import CLIPServer
internal import Logging

/// `clip serve`: the HTTP server.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer embed_image, embed_text and compare over HTTP, as Roboflow Inference Server does.",
        discussion: """
            Example:
              clip serve                                        with the small model that comes with the program
              clip serve --model ViT-B-32=models/ViT-B-32
            """
    )

    @OptionGroup var options: ModelOptions

    @Option(help: "The address to listen at; 127.0.0.1 by default. CLIP_HOST, HOST.")
    var host: String?

    @Option(help: "The port to listen at; 9001 by default, 0 for any. CLIP_PORT, PORT.")
    var port: Int?

    @Option(
        help:
            "Most images, or prompts of a comparison, in one request; 8 by default. CLIP_MAX_BATCH, CLIP_MAX_BATCH_SIZE."
    )
    var maxBatch: Int?

    @Option(
        help: "Images and texts in hand at which more are answered 429; 1024 by default. CLIP_MAX_PENDING."
    )
    var maxPending: Int?

    @Option(help: "Most texts in one request; 16384 by default. CLIP_MAX_TEXTS.")
    var maxTexts: Int?

    @Option(help: "Most bytes of a request; 64 MiB by default. CLIP_MAX_BODY_BYTES.")
    var maxBodyBytes: Int?

    @Option(help: "Most open connections; 1024 by default. CLIP_MAX_CONNECTIONS.")
    var maxConnections: Int?

    @Flag(
        name: .customLong("allow-urls"),
        inversion: .prefixedNo,
        help: "Whether images may be named by URL; they may by default. CLIP_ALLOW_URLS, ALLOW_URL_INPUT."
    )
    var allowURLs: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: "Fetch from private, loopback and link-local addresses too. CLIP_ALLOW_PRIVATE_ADDRESSES."
    )
    var allowPrivateAddresses: Bool?

    @Option(help: "Seconds for fetching one image, redirects included; 10 by default. CLIP_FETCH_SECONDS.")
    var fetchSeconds: String?

    @Option(
        help:
            "Seconds that requests in hand get once the server is told to stop; 30 by default. CLIP_DRAIN_SECONDS."
    )
    var drainSeconds: String?

    @Option(
        help:
            "Web origins that may read answers, separated by commas; all by default. CLIP_ALLOW_ORIGINS, ALLOW_ORIGINS."
    )
    var allowOrigins: String?

    @Option(
        help:
            "trace, debug, info, notice, warning, error or critical; info by default. CLIP_LOG_LEVEL, LOG_LEVEL."
    )
    var logLevel: String?

    func run() async throws {
        var environment = Environment()
        var engineConfiguration = try options.engineConfiguration(&environment, repeatsImages: true)
        fill(&engineConfiguration, from: &environment)
        var serverConfiguration = ServerConfiguration()
        fill(&serverConfiguration, from: &environment)
        let level =
            environment.choice(
                of: Logger.Level.self,
                "CLIP_LOG_LEVEL",
                "LOG_LEVEL",
                given: ("--log-level", logLevel)
            )
            ?? .info

        let problems = environment.problems + engineConfiguration.validate() + serverConfiguration.validate()
        guard problems.isEmpty else { throw CommandFailure(problems: problems) }

        var logger = Logger(label: "clip") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        if options.usesBundledModel(environment) { logger.notice("\(BundledModel.advice)") }
        try await serve(engineConfiguration, serverConfiguration, logger: logger)
    }

    /// Listens at once and loads meanwhile: a supervisor sees a live process, and `/readiness` tells when it
    /// is ready.
    ///
    /// Requests that come early wait for the model. A model that is refused ends the server.
    private func serve(
        _ engineConfiguration: EngineConfiguration,
        _ serverConfiguration: ServerConfiguration,
        logger: Logger
    ) async throws {
        do {
            let engine = try EmbeddingEngine(configuration: engineConfiguration)
            defer { engine.shutdown() }
            let server = try EmbeddingServer(
                engine: engine,
                configuration: serverConfiguration,
                logger: logger,
                version: Version.current,
                onListening: { port in
                    // The log says so too, unless it is quieter; somebody who asked for port 0 has to learn it.
                    if logger.logLevel > .notice { Terminal.complain("listening on port \(port)\n") }
                }
            )
            let (milestones, reached) = AsyncStream<Milestone>.makeStream()
            let serving = Task {
                do {
                    try await server.runUntilSignalled()
                    reached.yield(.served)
                } catch {
                    reached.yield(.notServed(error))
                }
            }
            defer { serving.cancel() }
            // Not awaited when the server ends first: a model that is half loaded holds up nobody.
            Task {
                do throws(EmbeddingError) {
                    try await engine.start()
                    reached.yield(.loaded)
                } catch {
                    reached.yield(.notLoaded(error))
                }
            }
            var isLoading = true
            for await milestone in milestones {
                switch milestone {
                case .loaded:
                    isLoading = false
                    log(engine.models, to: logger)
                case .served:
                    if isLoading { Terminal.leave(status: 0) }
                    return
                case .notServed(let error):
                    guard isLoading else { throw error }
                    let problems = (error as? ServerConfigurationError)?.problems ?? ["\(error)"]
                    Terminal.complain("Error: \(CommandFailure(problems: problems))\n")
                    Terminal.leave(status: 1)
                case .notLoaded(let error): throw error
                }
            }
        } catch let error as EmbeddingError {
            throw CommandFailure(error)
        } catch let error as ServerConfigurationError {
            throw CommandFailure(problems: error.problems)
        }
    }

    /// What the two tasks of a server, serving and loading, come to.
    private enum Milestone: Sendable {
        case loaded
        case served
        case notServed(any Error)
        case notLoaded(EmbeddingError)
    }

    private func log(_ models: [ModelDescription], to logger: Logger) {
        for model in models {
            logger.notice(
                "model \(model.name) is ready",
                metadata: [
                    "default": "\(model.isDefault)", "precision": "\(model.precision.rawValue)",
                    "image_size": "\(model.imageSize)", "embedding_width": "\(model.embeddingWidth)",
                    "load_ms": "\(Int(model.loadTime / .milliseconds(1)))",
                    "packed_copy": "\(model.isFromPackedCopy)",
                ]
            )
            if let problem = model.packedCopyProblem { logger.notice("packed weights: \(problem)") }
        }
    }

    private func fill(_ configuration: inout EngineConfiguration, from environment: inout Environment) {
        if let value = maxBatch ?? environment.integer("CLIP_MAX_BATCH", "CLIP_MAX_BATCH_SIZE") {
            configuration.maxBatch = value
        }
        if let value = maxTexts ?? environment.integer("CLIP_MAX_TEXTS") { configuration.maxTexts = value }
        if let value = maxPending ?? environment.integer("CLIP_MAX_PENDING") {
            configuration.maxPendingItems = value
        }
        if let value = allowURLs ?? environment.bool("CLIP_ALLOW_URLS", "ALLOW_URL_INPUT") {
            configuration.allowsURLs = value
        }
        if let value = allowPrivateAddresses ?? environment.bool("CLIP_ALLOW_PRIVATE_ADDRESSES") {
            configuration.allowsPrivateAddresses = value
        }
        if let value = environment.seconds("CLIP_FETCH_SECONDS", given: ("--fetch-seconds", fetchSeconds)) {
            configuration.fetchTimeLimit = value
        }
    }

    private func fill(_ configuration: inout ServerConfiguration, from environment: inout Environment) {
        if let value = host ?? environment.string("CLIP_HOST", "HOST") { configuration.host = value }
        if let value = port ?? environment.integer("CLIP_PORT", "PORT") { configuration.port = value }
        if let value = maxBodyBytes ?? environment.integer("CLIP_MAX_BODY_BYTES") {
            configuration.maxBodyBytes = value
        }
        if let value = maxConnections ?? environment.integer("CLIP_MAX_CONNECTIONS") {
            configuration.maxConnections = value
        }
        if let value = environment.seconds("CLIP_DRAIN_SECONDS", given: ("--drain-seconds", drainSeconds)) {
            configuration.drainTimeLimit = value
        }
        if let value = allowOrigins ?? environment.string("CLIP_ALLOW_ORIGINS", "ALLOW_ORIGINS") {
            configuration.allowedOrigins = Environment.list(value)
        }
    }
}
