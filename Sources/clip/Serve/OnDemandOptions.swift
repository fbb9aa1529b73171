import ArgumentParser
internal import CLIPEngine
internal import CLIPHub
internal import CLIPServer

/// The options of `clip serve` about models that come and go: which, how many bytes of them, and for how long.
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

    /// Which models requests may have brought.
    func allowedModels(_ environment: inout Environment) -> AllowedModels {
        environment.list("CLIP_ALLOW_MODELS", given: ("--allow-models", allowModels)).map(Self.allowed)
            ?? .roboflow
    }

    /// - Parameters:
    ///   - allowed: what ``allowedModels(_:)`` gave.
    ///   - provider: what brings models that are not configured.
    func fill(
        _ configuration: inout EngineConfiguration,
        from environment: inout Environment,
        allowing allowed: AllowedModels,
        provider: ModelProvider
    ) {
        configuration.provider = provider
        configuration.allowedModels = allowed
        if let value = environment.bytes("CLIP_MODEL_MEMORY", given: ("--model-memory", modelMemory)) {
            configuration.modelMemory = value
        } else if configuration.allowedModels != .none {
            // A quarter is the requests'.
            configuration.modelMemory = MachineMemory.current.limit / 4 * 3
        }
        if let value = environment.seconds("CLIP_IDLE_UNLOAD", given: ("--idle-unload", idleUnload)) {
            configuration.idleTimeLimit = value > .zero ? value : nil
        }
        if let value = environment.seconds("CLIP_LOAD_SECONDS", given: ("--load-seconds", loadSeconds)) {
            configuration.loadTimeLimit = value
        }
    }

    private static func allowed(_ list: [String]) -> AllowedModels {
        switch list.map({ $0.lowercased() }) {
        case ["none"]: .none
        case ["known"]: .known
        // As --model reads them: OpenAI's own spellings, in any letters.
        default: .matching(list.map { KnownModel.named($0)?.name ?? $0 })
        }
    }
}
