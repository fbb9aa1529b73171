import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles
internal import CLIPHub
internal import CLIPIndex
internal import CLIPServer
internal import Logging
internal import Synchronization

/// `clip serve`: the HTTP server.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract:
            "Serve embeddings, comparisons and zero-shot classification over HTTP: Roboflow Inference Server's CLIP routes, /classify, the embeddings of OpenAI, TEI and Weaviate, and a page for browsers.",
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

    mutating func run() async throws {
        var environment = Environment()
        let settings = await options.settings(&environment)
        if printConfig { return try printSettings(settings, environment) }
        Terminal.outliveReaders()
        do {
            let problems =
                settings.problems(environment)
                + settings.addressProblems.map { SettingProblem($0.sentence, status: $0.status) }
            guard problems.isEmpty else { throw CommandFailure(problems, environment) }
            try await start(settings, environment)
        } catch let failure as CommandFailure {
            throw settings.log.ending(failure)
        }
    }

    /// Whether a server with these arguments would write its log as JSON; asked where they could not be read.
    static func wantsJSONLog(_ arguments: [String], _ environment: Environment) -> Bool {
        guard arguments.first == configuration.commandName else { return false }
        let flag = "--log-format"
        var format = environment.string("CLIP_LOG_FORMAT")
        for (index, argument) in arguments.enumerated() {
            if argument == flag, index + 1 < arguments.count { format = arguments[index + 1] }
            if argument.hasPrefix(flag + "=") { format = String(argument.dropFirst(flag.count + 1)) }
        }
        return format.flatMap { LogFormat(rawValue: $0.lowercased()) } == .json
    }

    /// Prints all settings, with what the log of a server would warn of.
    private func printSettings(_ settings: ServeSettings, _ environment: Environment) throws {
        // A server that runs with these settings has the port already.
        let problems = settings.problems(environment)
        guard problems.isEmpty else { throw CommandFailure(problems, environment) }
        let notices = environment.notices + settings.warnings
        let list = SettingList(environment.settings, notices: notices)
        try Terminal.write(line: json ? list.json : list.text)
        if !json { for notice in notices { Terminal.complain("Note: \(notice.printable)\n") } }
    }

    private func start(_ settings: ServeSettings, _ environment: Environment) async throws {
        var engineConfiguration = settings.engine
        let serverConfiguration = settings.server
        let logger = settings.log.logger
        let (hub, requests) = (settings.hub, settings.requests)
        let fetchFailure = FetchFailure()
        engineConfiguration.provider = ModelProvision.provider(
            hub,
            configured: requests,
            isAllowed: { settings.allowed.allowsRepository($0) },
            fail: { fetchFailure.note($0) },
            say: { [logger] in logger.notice("\($0)") }
        )
        tell(of: settings, environment)
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
        let log = ModelLog(logger, configured: engineConfiguration.models.map(\.name))
        engineConfiguration.onModelEvent = { log.note($0) }
        try await serve(
            engineConfiguration,
            serverConfiguration,
            fetchFailure,
            settings.index,
            environment,
            settings.log,
            log
        )
    }

    /// What the log says of the settings at start.
    private func tell(of settings: ServeSettings, _ environment: Environment) {
        let (engine, logger) = (settings.engine, settings.log.logger)
        let machine = MachineMemory.current
        for notice in environment.notices { logger.warning("\(notice)") }
        if options.models.usesBundledModel(environment) {
            let model = engine.models.first?.name ?? BundledModel.name
            logger.notice("\(engine.loadsAtStart ? BundledModel.advice : BundledModel.absence(model))")
        }
        let reason =
            engine.memoryBudget == machine.budget
            ? "a part of \(machine.bound.rawValue)" : "as --memory-budget says"
        logger.notice("requests may hold \(engine.memoryBudget / 1_000_000) MB together, \(reason)")
        if engine.memoryBudget > machine.limit {
            logger.warning(
                "--memory-budget is more than \(machine.bound.rawValue), which is \(machine.limit / 1_000_000) MB: nothing keeps the system from ending the process"
            )
        }
        if let bytes = engine.modelMemory {
            logger.notice("models may take \(bytes / 1_000_000) MB together")
        }
        for warning in settings.warnings { logger.warning("\(warning)") }
        if let wanted = settings.unfitConnections {
            logger.notice(
                "at most \(settings.server.maxConnections) connections, not \(wanted): the system lets this process open \(settings.descriptors) files"
            )
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
        _ index: OpenedIndex?,
        _ environment: Environment,
        _ log: ServerLog,
        _ modelLog: ModelLog
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
                Terminal.leave(.internalFault)
            }
            let pictures = try Self.pictures(of: index, by: engine)
            let server = try EmbeddingServer(
                engine: engine,
                pictures: pictures,
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
                    try await server.runUntilSignalled { Terminal.leave(.interrupted) }
                    reached.yield(.served)
                } catch {
                    reached.yield(.notServed(error))
                }
            }
            defer { serving.cancel() }
            let loadsModels = engineConfiguration.loadsAtStart
            // This task is not awaited if the server ends first, so a half-loaded model does not hold up the end.
            Task {
                do throws(EmbeddingError) {
                    try await engine.start()
                } catch {
                    reached.yield(.notLoaded(error))
                    return
                }
                do throws(PictureSearchError) {
                    try await pictures?.prepare(loadingModel: loadsModels)
                    reached.yield(.loaded)
                } catch .engine(let error, _) {
                    reached.yield(.notLoaded(error))
                } catch {
                    reached.yield(.notSearchable(error))
                }
            }
            var isLoading = true
            for await milestone in milestones {
                switch milestone {
                case .loaded:
                    isLoading = false
                    modelLog.startIsOver()
                    guard engineConfiguration.loadsAtStart else { continue }
                    let loaded = Set(engine.models.map(\.name))
                    for source in engineConfiguration.models where !loaded.contains(source.name) {
                        logger.notice(
                            "model \(source.name) comes when a request names it: --model-memory has no room for all at once"
                        )
                    }
                // What still computes or decodes is not waited for; an ordinary exit would take memory apart beneath it.
                case .served: Terminal.leave(.success)
                case .notServed(let error):
                    let failure = Self.failure(error, environment)
                    guard isLoading else { throw failure }
                    log.complain("\(failure)")
                    Terminal.leave(failure.status)
                // It was told to stop before all was here, and ends with what it has in hand.
                case .notLoaded(.shuttingDown):
                    isLoading = false
                    modelLog.startIsOver()
                case .notSearchable(let error): throw CommandFailure(error)
                case .notLoaded(let error):
                    modelLog.startIsOver(with: error)
                    if case .modelNotFetched = error, let failure = fetchFailure.last { throw failure }
                    throw error
                }
            }
        } catch let error as EmbeddingError {
            throw CommandFailure(error, environment, models: engineConfiguration.models)
        } catch let error as ServerConfigurationError {
            throw Self.failure(error, environment)
        }
    }

    /// The pictures that are searched.
    private static func pictures(
        of index: OpenedIndex?,
        by engine: EmbeddingEngine
    ) throws(CommandFailure) -> PictureSearch? {
        guard let index else { return nil }
        let threads = engine.configuration.computeThreads
        let followed: any SearchableIndex
        do throws(IndexError) {
            followed = try index.followed(threads: threads)
        } catch {
            throw CommandFailure(error)
        }
        do throws(PictureSearchError) {
            return try PictureSearch(followed, by: engine, threads: threads)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// Why the server cannot serve, or can no longer.
    private static func failure(_ error: any Error, _ environment: Environment) -> CommandFailure {
        switch error {
        case let failure as CommandFailure: failure
        case let error as ServerConfigurationError:
            CommandFailure(error.problems.map { SettingProblem($0) }, environment)
        // Another process took the port after it was tried.
        default: CommandFailure("\(error)".printable, status: .unavailable)
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
        case notSearchable(PictureSearchError)
    }
}
