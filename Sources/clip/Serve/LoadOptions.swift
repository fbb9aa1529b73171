import ArgumentParser
internal import CLIPEngine

/// The options of `clip serve` about how much it takes on at once.
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

    func fill(_ configuration: inout EngineConfiguration, from environment: inout Environment) {
        if let value = maxBatch ?? environment.integer("CLIP_MAX_BATCH", "CLIP_MAX_BATCH_SIZE") {
            configuration.maxBatch = value
        }
        if let value = maxTexts ?? environment.integer("CLIP_MAX_TEXTS") { configuration.maxTexts = value }
        if let value = maxPending ?? environment.integer("CLIP_MAX_PENDING") {
            configuration.maxPendingItems = value
        }
    }
}
