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

    @OptionGroup var options: ServeOptions

    @Flag(help: "Print all settings as they would be in force, and who says so, instead of serving.")
    var printConfig = false

    @Flag(help: "With --print-config: one JSON object instead of a table.")
    var json = false

    func validate() throws {
        if json, !printConfig { throw ValidationError("--json is for --print-config.") }
    }

    func run() async throws {
        var environment = Environment()
        let settings = options.settings(&environment)
        // With --print-config, a running server with these settings may hold the port.
        let addressProblems = printConfig ? [] : settings.addressProblems
        let problems = environment.problems + settings.problems + addressProblems
        guard problems.isEmpty else {
            let failure = CommandFailure(problems: problems, environment)
            throw printConfig ? failure : settings.log.ending(failure)
        }
        if printConfig {
            let list = SettingList(environment.settings)
            return try Terminal.write(line: json ? list.json : list.text)
        }
        var engineConfiguration = settings.engine
        let serverConfiguration = settings.server
        let log = settings.log
        let logger = log.logger
        let (hub, requests) = (settings.hub, settings.requests)
        let fetchFailure = FetchFailure()
        engineConfiguration.provider = ModelProvision.provider(
            hub,
            configured: requests,
            isAllowed: { settings.allowed.allowsRepository($0) },
            fail: { fetchFailure.note($0) },
            say: { [logger] in logger.notice("\($0)") }
        )
        let machine = MachineMemory.current
        for notice in environment.notices { logger.warning("\(notice)") }
        if options.models.usesBundledModel(environment) {
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
        for warning in settings.warnings { logger.warning("\(warning)") }
        if let wanted = settings.unfitConnections {
            logger.notice(
                "at most \(serverConfiguration.maxConnections) connections, not \(wanted): the system lets this process open \(settings.descriptors) files"
            )
        }
        if hub.configuration.isOffline {
            // No requests can come, so a missing model is reported at once.
            try await options.models.fetchModels(for: &engineConfiguration, environment) { [logger] in
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
        do {
            try await serve(engineConfiguration, serverConfiguration, fetchFailure, environment, log)
        } catch let failure as CommandFailure {
            throw log.ending(failure)
        }
    }

    /// Listens at once, and fetches and loads models meanwhile: a supervisor sees a live process, and `/readiness`
    /// tells when it is ready.
    ///
    /// Early requests wait for the model. A model that cannot be fetched or is refused ends the server.
    private func serve(
        _ engineConfiguration: EngineConfiguration,
        _ serverConfiguration: ServerConfiguration,
        _ fetchFailure: FetchFailure,
        _ environment: Environment,
        _ log: ServerLog
    ) async throws {
        let logger = log.logger
        do {
            let metrics = PrometheusMetrics()
            var engineConfiguration = engineConfiguration
            engineConfiguration.metrics = metrics
            let engine = try EmbeddingEngine(configuration: engineConfiguration)
            defer { engine.shutdown() }
            engine.whenUnwell { problem in
                log.complain("\(problem); the server ends, so that its supervisor starts it anew.")
                Terminal.leave(status: 70)  // EX_SOFTWARE
            }
            let server = try EmbeddingServer(
                engine: engine,
                configuration: serverConfiguration,
                logger: logger,
                version: Version.current,
                metrics: metrics,
                onListening: { port in
                    // The log says so too, unless its level is higher; a person who asked for port 0 has to learn the
                    // port.
                    if logger.logLevel > .notice { log.say("listening on port \(port)") }
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
            // This task is not awaited if the server ends first, so a half-loaded model does not hold up the end.
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
                // Threads that still compute or decode are not waited for; an ordinary exit would free memory that they
                // use.
                case .served: Terminal.leave(status: 0)
                case .notServed(let error):
                    guard isLoading else { throw error }
                    let problems = (error as? ServerConfigurationError)?.problems ?? ["\(error)"]
                    log.complain("\(CommandFailure(problems: problems, environment))")
                    Terminal.leave(status: 1)
                // The server was told to stop before all models were loaded, and ends once its requests are finished.
                case .notLoaded(.shuttingDown): isLoading = false
                case .notLoaded(let error):
                    if case .modelNotFetched = error, let failure = fetchFailure.last { throw failure }
                    throw error
                }
            }
        } catch let error as EmbeddingError {
            throw CommandFailure(error, environment)
        } catch let error as ServerConfigurationError {
            throw CommandFailure(problems: error.problems, environment)
        }
    }

    /// Why a model of `--model` could not be fetched, with the program's exit status.
    private final class FetchFailure: Sendable {
        private let failure = Mutex<CommandFailure?>(nil)
        var last: CommandFailure? { failure.withLock { $0 } }
        func note(_ failure: CommandFailure) { self.failure.withLock { $0 = failure } }
    }

    /// The outcomes of a server's two tasks, serving and loading.
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
            // One message at the program's end covers all models.
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
