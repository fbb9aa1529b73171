import ArgumentParser
internal import CLIPEngine
internal import CLIPHub
internal import CLIPServer
internal import Logging
internal import Synchronization

/// `clip serve`: the HTTP server.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer embed_image, embed_text and compare over HTTP, as Roboflow Inference Server does.",
        discussion: """
            Example:
              clip serve                                        with the small model that comes with the program
              clip serve --model ViT-B-32                       OpenAI's, from the hub
              clip serve --model mine=models/fine-tuned
            """
    )

    @OptionGroup var options: ModelOptions

    @OptionGroup var listening: ListeningOptions

    @OptionGroup var guards: GuardOptions

    @OptionGroup var load: LoadOptions

    @OptionGroup var onDemand: OnDemandOptions

    @OptionGroup var fetching: FetchOptions

    @Option(
        help:
            "trace, debug, info, notice, warning, error or critical; info by default. CLIP_LOG_LEVEL, LOG_LEVEL."
    )
    var logLevel: String?

    func run() async throws {
        var environment = Environment()
        let allowed = onDemand.allowedModels(&environment)
        var engineConfiguration = options.engineConfiguration(&environment, serves: true, allowing: allowed)
        load.fill(&engineConfiguration, from: &environment)
        let level =
            environment.logLevel(
                of: Logger.Level.self,
                "CLIP_LOG_LEVEL",
                "LOG_LEVEL",
                given: ("--log-level", logLevel)
            )
            ?? .info
        var logger = Logger(label: "clip") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        let hub = options.hubOptions.hub(environment)
        if allowed != .none, !hub.configuration.isOffline { options.hubOptions.judge(&environment) }
        let requests = options.hubRequests(environment)
        let fetchFailure = FetchFailure()
        let provider = ModelProvision.provider(
            hub,
            configured: requests,
            isAllowed: { allowed.allowsRepository($0) },
            fail: { fetchFailure.note($0) },
            say: { [logger] in logger.notice("\($0)") }
        )
        onDemand.fill(&engineConfiguration, from: &environment, allowing: allowed, provider: provider)
        fetching.fill(&engineConfiguration, from: &environment)
        var serverConfiguration = ServerConfiguration()
        listening.fill(&serverConfiguration, from: &environment)
        load.fill(&serverConfiguration, from: &environment)
        let warnings = guards.fill(&serverConfiguration, from: &environment)
        let descriptors = DescriptorLimit.raise()
        let wantedConnections = serverConfiguration.maxConnections
        fit(&serverConfiguration, besides: engineConfiguration, under: descriptors, &environment)
        let problems =
            environment.problems + engineConfiguration.validate() + serverConfiguration.validate()
            + Self.addressProblems(serverConfiguration)
        guard problems.isEmpty else { throw CommandFailure(problems: problems) }

        let machine = MachineMemory.current
        for notice in environment.notices { logger.warning("\(notice)") }
        if options.usesBundledModel(environment) {
            let model = engineConfiguration.models.first?.name ?? BundledModel.name
            logger.notice(
                "\(engineConfiguration.loadsAtStart ? BundledModel.advice : BundledModel.absence(model))"
            )
        }
        logger.notice(
            "requests may hold \(engineConfiguration.memoryBudget / 1_000_000) MB together",
            metadata: [
                "bound": engineConfiguration.memoryBudget == machine.budget
                    ? "a part of \(machine.bound.rawValue)" : "--memory-budget"
            ]
        )
        if engineConfiguration.memoryBudget > machine.limit {
            logger.warning(
                "--memory-budget is more than \(machine.bound.rawValue), which is \(machine.limit / 1_000_000) MB: nothing keeps the system from ending the process"
            )
        }
        if let bytes = engineConfiguration.modelMemory {
            logger.notice("models may take \(bytes / 1_000_000) MB together")
        }
        for warning in warnings { logger.warning("\(warning)") }
        if serverConfiguration.maxConnections < wantedConnections {
            logger.notice(
                "at most \(serverConfiguration.maxConnections) connections, not \(wantedConnections): the system lets this process open \(descriptors) files"
            )
        }
        if hub.configuration.isOffline {
            // Nothing will come: what is not here is told at once.
            try await options.fetchModels(for: &engineConfiguration, environment) { [logger] in
                logger.notice("\($0)")
            }
        }
        engineConfiguration.models = engineConfiguration.models.map { model in
            guard !model.isHere,
                let request = requests[model.name] ?? (try? KnownModel.named(model.name)?.request)
            else { return model }
            return ModelProvision.source(named: model.name, request, in: hub)
        }
        engineConfiguration.onModelEvent = { [logger] event in Self.log(event, to: logger) }
        try await serve(engineConfiguration, serverConfiguration, fetchFailure, logger: logger)
    }

    /// Lowers the connections to what the system's limit of open files has room for.
    private func fit(
        _ configuration: inout ServerConfiguration,
        besides engine: EngineConfiguration,
        under descriptors: Int,
        _ environment: inout Environment
    ) {
        let hasHealthPort = configuration.healthPort != nil
        // What is out of bounds is told anyway.
        let places = engine.allowsURLs ? min(max(engine.fetchPlaces, 0), 1024) : 0
        let reserve = DescriptorLimit.reserve(
            eventLoops: EmbeddingServer.eventLoops(withHealthPort: hasHealthPort),
            fetchPlaces: places,
            healthConnections: hasHealthPort ? EmbeddingServer.healthConnections : 0
        )
        let fitting = DescriptorLimit.connections(
            wanted: configuration.maxConnections,
            under: descriptors,
            keeping: reserve
        )
        if let fitting {
            configuration.maxConnections = fitting
        } else {
            environment.problems.append(
                "The system lets this process open \(descriptors) files, and a server with \(places) of --fetch-places "
                    + "needs \(reserve + DescriptorLimit.leastConnections); raise the limit with ulimit -n, or lower "
                    + "--fetch-places."
            )
        }
    }

    /// Why the ports cannot be listened at.
    private static func addressProblems(_ configuration: ServerConfiguration) -> [String] {
        var problems: [String] = []
        func check(_ port: Int?, _ setting: String) {
            guard let port, !configuration.host.isEmpty,
                let problem = HostName.problem(
                    host: configuration.host,
                    port: (0...65535).contains(port) ? port : 0,
                    setting: setting
                ),
                !problems.contains(problem)
            else { return }
            problems.append(problem)
        }
        check(configuration.port, "--port or CLIP_PORT")
        if configuration.healthPort != configuration.port {
            check(configuration.healthPort, "--health-port or CLIP_HEALTH_PORT")
        }
        return problems
    }

    /// Listens at once, and fetches and loads meanwhile: a supervisor sees a live process, and `/readiness` tells when it
    /// is ready.
    ///
    /// Requests that come early wait for the model. A model that cannot be had or is refused ends the server.
    private func serve(
        _ engineConfiguration: EngineConfiguration,
        _ serverConfiguration: ServerConfiguration,
        _ fetchFailure: FetchFailure,
        logger: Logger
    ) async throws {
        do {
            let engine = try EmbeddingEngine(configuration: engineConfiguration)
            defer { engine.shutdown() }
            engine.whenUnwell { problem in
                Terminal.complain(
                    "Error: \(problem); the server ends, so that its supervisor starts it anew.\n"
                )
                Terminal.leave(status: 70)  // EX_SOFTWARE
            }
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
                    try await server.runUntilSignalled { Terminal.leave(status: 130) }
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
                    guard engineConfiguration.loadsAtStart else { continue }
                    let loaded = Set(engine.models.map(\.name))
                    for source in engineConfiguration.models where !loaded.contains(source.name) {
                        logger.notice(
                            "model \(source.name) comes when a request names it: --model-memory has no room for all at once"
                        )
                    }
                // What still computes or decodes is not waited for; an ordinary exit would take memory apart beneath it.
                case .served: Terminal.leave(status: 0)
                case .notServed(let error):
                    guard isLoading else { throw error }
                    let problems = (error as? ServerConfigurationError)?.problems ?? ["\(error)"]
                    Terminal.complain("Error: \(CommandFailure(problems: problems))\n")
                    Terminal.leave(status: 1)
                // It was told to stop before all was here, and ends with what it has in hand.
                case .notLoaded(.shuttingDown): isLoading = false
                case .notLoaded(let error):
                    if case .modelNotFetched = error, let failure = fetchFailure.last { throw failure }
                    throw error
                }
            }
        } catch let error as EmbeddingError {
            throw CommandFailure(error)
        } catch let error as ServerConfigurationError {
            throw CommandFailure(problems: error.problems)
        }
    }

    /// Why a model of `--model` could not be had, with the status that the program ends with.
    private final class FetchFailure: Sendable {
        private let failure = Mutex<CommandFailure?>(nil)
        var last: CommandFailure? { failure.withLock { $0 } }
        func note(_ failure: CommandFailure) { self.failure.withLock { $0 = failure } }
    }

    /// What the two tasks of a server, serving and loading, come to.
    private enum Milestone: Sendable {
        case loaded
        case served
        case notServed(any Error)
        case notLoaded(EmbeddingError)
    }

    private static func log(_ event: ModelEvent, to logger: Logger) {
        switch event {
        case .loaded(let model):
            logger.notice(
                "model \(model.name) is ready",
                metadata: [
                    "default": "\(model.isDefault)", "precision": "\(model.precision.rawValue)",
                    "towers": "\(model.towers.map(\.rawValue).joined(separator: ", "))",
                    "image_size": "\(model.imageSize.map(String.init) ?? "none")",
                    "embedding_width": "\(model.embeddingWidth)",
                    "load_ms": "\(Int(model.loadTime / .milliseconds(1)))",
                    "packed_copy": "\(model.isFromPackedCopy)", "bytes": "\(model.byteCount)",
                ]
            )
            if let problem = model.packedCopyProblem { logger.notice("packed weights: \(problem)") }
        case .unloaded(let name, let reason):
            // The program's end says it for all.
            guard reason != .ending else { return }
            let why =
                switch reason {
                case .asked: "a request asked for that"
                case .idle: "nobody has asked for it for the time of --idle-unload"
                case .room(let other): "--model-memory has no room for it beside \(other)"
                case .ending: "the server ends"
                }
            logger.notice("model \(name) leaves memory: \(why)")
        case .failed(_, let error): logger.error("\(error)")
        }
    }
}
