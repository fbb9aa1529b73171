import ArgumentParser
internal import CLIPEngine
internal import CLIPHub
internal import CLIPServer

/// The options of `clip serve` for models that are loaded on demand: which ones, how many bytes, and for how long.
struct OnDemandOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Models that a request may have fetched and loaded: none, known for every name that clip models lists, or names and "
                + "repositories separated by commas, such as ViT-B-32,google/siglip2-*. The versions of Roboflow's server by "
                + "default, CLIP's nine and two of Perception Encoder. CLIP_ALLOW_MODELS.",
            valueName: "list"
        )
    )
    var allowModels: String?

    @Option(
        help: ArgumentHelp(
            "Most bytes of all models in memory, such as 2GiB; the one used longest ago leaves for another. Three quarters of the "
                + "memory that there is where requests may bring models, otherwise any number by default. CLIP_MODEL_MEMORY.",
            valueName: "bytes"
        )
    )
    var modelMemory: String?

    @Option(
        help:
            "Seconds after which a model that nobody asks for leaves memory, until somebody does; 0, for never, by default. CLIP_IDLE_UNLOAD."
    )
    var idleUnload: String?

    @Option(
        help:
            "Seconds that a request waits for its model to be fetched and loaded, before it is answered 503; the load goes on. 120 by default. CLIP_LOAD_SECONDS."
    )
    var loadSeconds: String?

    /// The models that requests may have loaded.
    func allowedModels(_ environment: inout Environment) -> AllowedModels {
        let told = environment.list(of: ["CLIP_ALLOW_MODELS"], given: ("--allow-models", allowModels))
        let allowed = told.map { Self.allowed($0.value) } ?? .roboflow
        environment.note("--allow-models", ["CLIP_ALLOW_MODELS"], .list(allowed.patterns), by: told?.name)
        return allowed
    }

    /// - Parameters:
    ///   - allowed: the result of ``allowedModels(_:)``.
    ///   - provider: fetches models that are not configured.
    func fill(
        _ configuration: inout EngineConfiguration,
        from environment: inout Environment,
        allowing allowed: AllowedModels,
        provider: ModelProvider
    ) {
        configuration.provider = provider
        configuration.allowedModels = allowed
        // A quarter is the requests'.
        let machine = MachineMemory.current
        if allowed != .none { configuration.modelMemory = machine.limit / 4 * 3 }
        environment.fill(
            bytes: &configuration.modelMemory,
            "--model-memory",
            modelMemory,
            "CLIP_MODEL_MEMORY"
        )
        if allowed != .none {
            environment.explain("--model-memory", by: "three quarters of \(machine.bound.rawValue)")
        }
        var idle = configuration.idleTimeLimit ?? .zero
        environment.fill(seconds: &idle, "--idle-unload", idleUnload, "CLIP_IDLE_UNLOAD")
        configuration.idleTimeLimit = idle > .zero ? idle : nil
        environment.fill(
            seconds: &configuration.loadTimeLimit,
            "--load-seconds",
            loadSeconds,
            "CLIP_LOAD_SECONDS"
        )
    }

    private static func allowed(_ list: [String]) -> AllowedModels {
        switch list.map({ $0.lowercased() }) {
        case ["none"]: .none
        case ["known"]: .known
        // As for `--model`, OpenAI's own spellings count, in any letter case.
        default: .matching(list.map { KnownModel.named($0)?.name ?? $0 })
        }
    }
}

extension AllowedModels {
    /// The value in the form of the flag.
    fileprivate var patterns: [String] {
        switch self {
        case .none: ["none"]
        case .known: ["known"]
        case .matching(let patterns): patterns
        }
    }
}
