import ArgumentParser
internal import CLIPEngine
internal import CLIPServer

/// The options of `clip serve` for how much work it accepts at once.
struct LoadOptions: ParsableArguments {
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

    @Option(
        help: ArgumentHelp(
            "Most bytes that all requests together may make the server hold, models and caches aside, such as 512MB or 2GiB; "
                + "a quarter of the memory that there is by default. CLIP_MEMORY_BUDGET.",
            valueName: "bytes"
        )
    )
    var memoryBudget: String?

    @Option(
        help:
            "Seconds until a request has to be answered, 300 by default; a request may ask for less with X-Request-Timeout. CLIP_REQUEST_SECONDS."
    )
    var requestSeconds: String?

    @Option(
        help:
            "Seconds of expected waiting at which requests of a few items are answered 429; 15 by default. CLIP_QUEUE_SECONDS."
    )
    var queueSeconds: String?

    @Option(
        help:
            "Seconds after which a forward pass that has not ended is taken for a thread that hangs, and the server ends; 60 by default. CLIP_PASS_SECONDS."
    )
    var passSeconds: String?

    func fill(_ configuration: inout ServerConfiguration, from environment: inout Environment) {
        environment.fill(
            seconds: &configuration.requestTimeLimit,
            "--request-seconds",
            requestSeconds,
            "CLIP_REQUEST_SECONDS"
        )
    }

    func fill(_ configuration: inout EngineConfiguration, from environment: inout Environment) {
        environment.fill(
            &configuration.maxBatch,
            "--max-batch",
            maxBatch,
            "CLIP_MAX_BATCH",
            "CLIP_MAX_BATCH_SIZE"
        )
        environment.fill(&configuration.maxTexts, "--max-texts", maxTexts, "CLIP_MAX_TEXTS")
        environment.fill(&configuration.maxPendingItems, "--max-pending", maxPending, "CLIP_MAX_PENDING")
        let machine = MachineMemory.current
        configuration.memoryBudget = machine.budget
        environment.fill(
            bytes: &configuration.memoryBudget,
            "--memory-budget",
            memoryBudget,
            "CLIP_MEMORY_BUDGET"
        )
        environment.explain("--memory-budget", by: "a part of \(machine.bound.rawValue)")
        environment.fill(
            seconds: &configuration.queueTimeLimit,
            "--queue-seconds",
            queueSeconds,
            "CLIP_QUEUE_SECONDS"
        )
        environment.fill(
            seconds: &configuration.passTimeLimit,
            "--pass-seconds",
            passSeconds,
            "CLIP_PASS_SECONDS"
        )
    }
}
