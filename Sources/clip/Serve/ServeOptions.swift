import ArgumentParser
internal import CLIPEngine
internal import CLIPHub
internal import CLIPIndex
internal import CLIPServer
internal import Logging

/// All settings of a server, for `clip serve` to run with and for `clip doctor` to check.
struct ServeOptions: ParsableArguments {
    @OptionGroup var models: ModelOptions

    @OptionGroup var listening: ListeningOptions

    @OptionGroup var guards: GuardOptions

    @OptionGroup var pictures: PictureOptions

    @OptionGroup var load: LoadOptions

    @OptionGroup var onDemand: OnDemandOptions

    @OptionGroup var fetching: FetchOptions

    @Option(
        help:
            "trace, debug, info, notice, warning, error or critical; info by default. CLIP_LOG_LEVEL, LOG_LEVEL."
    )
    var logLevel: String?

    @Option(help: "text, or json: one object a line; text by default. CLIP_LOG_FORMAT.")
    var logFormat: String?

    /// The settings from flags and variables; their problems are added to the environment's.
    ///
    /// The limit of open files is raised as far as the system allows, because the number of connections depends on it. The model
    /// of an index becomes the server's, where none was named.
    mutating func settings(_ environment: inout Environment) async -> ServeSettings {
        let index = await pictures.index(&environment)
        if let index { models.adopt(index.model, environment) }
        let allowed = onDemand.allowedModels(&environment)
        var engine = models.engineConfiguration(&environment, serves: true, allowing: allowed)
        load.fill(&engine, from: &environment)
        var level = Logger.Level.info
        environment.fill(level: &level, "--log-level", logLevel, "CLIP_LOG_LEVEL", "LOG_LEVEL")
        var format = LogFormat.text
        environment.fill(&format, "--log-format", logFormat, "CLIP_LOG_FORMAT")
        let hub = models.hubOptions.hub(environment)
        if allowed != .none, !hub.configuration.isOffline { models.hubOptions.judge(&environment) }
        let requests = models.hubRequests(environment)
        let provider = ModelProvision.provider(
            hub,
            configured: requests,
            isAllowed: { allowed.allowsRepository($0) }
        )
        onDemand.fill(&engine, from: &environment, allowing: allowed, provider: provider)
        fetching.fill(&engine, from: &environment)
        var server = ServerConfiguration()
        listening.fill(&server, from: &environment)
        load.fill(&server, from: &environment)
        let warnings = guards.fill(&server, from: &environment)
        let descriptors = DescriptorLimit.raise()
        let wanted = server.maxConnections
        fit(&server, besides: engine, under: descriptors, &environment)
        return ServeSettings(
            engine: engine,
            server: server,
            hub: hub,
            requests: requests,
            allowed: allowed,
            index: index,
            log: ServerLog(format, level: level),
            warnings: warnings,
            descriptors: descriptors,
            unfitConnections: server.maxConnections < wanted ? wanted : nil
        )
    }

    /// Lowers the number of connections to what the limit of open files allows.
    private func fit(
        _ configuration: inout ServerConfiguration,
        besides engine: EngineConfiguration,
        under descriptors: Int,
        _ environment: inout Environment
    ) {
        let portsBeside = [configuration.healthPort, configuration.metricsPort].count { $0 != nil }
        // Values out of bounds are reported elsewhere.
        let places = engine.allowsURLs ? min(max(engine.fetchPlaces, 0), 1024) : 0
        let reserve = DescriptorLimit.reserve(
            eventLoops: EmbeddingServer.eventLoops(withPortsBeside: portsBeside > 0),
            fetchPlaces: places,
            connectionsBeside: portsBeside * EmbeddingServer.connectionsBeside
        )
        let fitting = DescriptorLimit.connections(
            wanted: configuration.maxConnections,
            under: descriptors,
            keeping: reserve
        )
        if let fitting {
            if fitting < configuration.maxConnections {
                environment.note(
                    "--max-connections",
                    ["CLIP_MAX_CONNECTIONS"],
                    .number(fitting),
                    by: "the limit of open files"
                )
            }
            configuration.maxConnections = fitting
        } else {
            environment.problems.append(
                "The system lets this process open \(descriptors) files, and a server with \(places) of --fetch-places "
                    + "needs \(reserve + DescriptorLimit.leastConnections); raise the limit with ulimit -n, or lower "
                    + "--fetch-places."
            )
        }
    }
}

/// The settings that a server runs with.
struct ServeSettings {
    let engine: EngineConfiguration
    let server: ServerConfiguration
    let hub: ModelHub
    /// The requests to the hub for models of `--model`, by the models' names.
    let requests: [String: HubRequest]
    let allowed: AllowedModels
    /// The index whose pictures are searched; nil for none.
    let index: OpenedIndex?
    let log: ServerLog
    /// Warnings for the log.
    let warnings: [String]
    /// The number of files that the process may have open.
    let descriptors: Int
    /// The number of connections that was asked for, if fewer fit under that limit.
    let unfitConnections: Int?

    /// All that is wrong with the settings, but for the ports.
    func problems(_ environment: Environment) -> [SettingProblem] {
        environment.problems(of: engine) + server.validate().map { SettingProblem($0) }
    }

    /// Why the ports cannot be listened at.
    var addressProblems: [HostName.Problem] {
        var problems: [HostName.Problem] = []
        func check(_ port: Int?, _ setting: String) {
            guard let port, !server.host.isEmpty,
                let problem = HostName.problem(
                    host: server.host,
                    port: (0...65535).contains(port) ? port : 0,
                    setting: setting
                ),
                !problems.contains(problem)
            else { return }
            problems.append(problem)
        }
        check(server.port, "--port or CLIP_PORT")
        if server.healthPort != server.port {
            check(server.healthPort, "--health-port or CLIP_HEALTH_PORT")
        }
        if ![server.port, server.healthPort].contains(server.metricsPort) {
            check(server.metricsPort, "--metrics-port or CLIP_METRICS_PORT")
        }
        return problems
    }
}
