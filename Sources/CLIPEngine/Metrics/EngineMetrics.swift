package import CoreMetrics

/// The counters and timers of the engine, which report to the backend that the configuration names.
///
/// Handles are made once and kept; without a backend, each call does nothing. Values that are known elsewhere, such as
/// the length of a queue, are read on demand instead: see ``EngineStatistics``.
package struct EngineMetrics: Sendable {
    /// Why a request was refused for lack of capacity.
    enum Rejection: String, CaseIterable {
        /// Too much is waiting already, or the request would not be finished in time.
        case overloaded
        /// The byte budget has no room.
        case memory
        /// The model is still being loaded.
        case modelLoading = "model_loading"
        /// Too many models are being fetched.
        case tooManyLoads = "too_many_loads"
        /// The model takes more memory than all models together may.
        case modelTooLarge = "model_too_large"
        /// The engine is shutting down.
        case shuttingDown = "shutting_down"
    }

    /// The metrics of one tower's batches and cache.
    package struct Side: Sendable {
        let batchItems: any RecorderHandler
        let hits: any CounterHandler
        let misses: any CounterHandler
        let shared: any CounterHandler
    }

    private struct Stages {
        let fetch, decode, tokenize, queue, forward, rank: any TimerHandler
    }

    package let images: Side
    package let texts: Side
    private let stages: Stages
    private let rejections: [Rejection: any CounterHandler]
    private let loadsDone: any CounterHandler
    private let loadsFailed: any CounterHandler
    private let loadTime: any TimerHandler
    private let unloads: [String: any CounterHandler]

    /// - Parameter factory: the backend's factory; nil for the one that the program has bootstrapped.
    package init(_ factory: (any MetricsFactory)?) {
        let factory = factory ?? MetricsSystem.factory
        func counter(_ metric: MetricDescription, _ value: String) -> any CounterHandler {
            factory.makeCounter(label: metric.name, dimensions: [(metric.labels[0], value)])
        }
        func stage(_ name: String) -> any TimerHandler {
            factory.makeTimer(
                label: Self.stageDuration.name,
                dimensions: [(Self.stageDuration.labels[0], name)]
            )
        }
        func side(_ tower: Tower) -> Side {
            Side(
                batchItems: factory.makeRecorder(
                    label: Self.batchItems.name,
                    dimensions: [(Self.batchItems.labels[0], tower.rawValue)],
                    aggregate: true
                ),
                hits: counter(Self.cacheHits, tower.rawValue),
                misses: counter(Self.cacheMisses, tower.rawValue),
                shared: counter(Self.cacheShared, tower.rawValue)
            )
        }
        (images, texts) = (side(.image), side(.text))
        stages = Stages(
            fetch: stage("fetch"),
            decode: stage("decode"),
            tokenize: stage("tokenize"),
            queue: stage("queue"),
            forward: stage("forward"),
            rank: stage("rank")
        )
        rejections = Dictionary(
            uniqueKeysWithValues: Rejection.allCases.map { ($0, counter(Self.rejected, $0.rawValue)) }
        )
        loadsDone = counter(Self.modelLoads, "loaded")
        loadsFailed = counter(Self.modelLoads, "failed")
        loadTime = factory.makeTimer(label: Self.modelLoadDuration.name, dimensions: [])
        unloads = Dictionary(
            uniqueKeysWithValues: ["asked", "idle", "room"].map { ($0, counter(Self.modelUnloads, $0)) }
        )
    }

    // MARK: What is told

    /// Records the stages of an answered request, except those that took no time.
    func note(_ timings: StageTimings) {
        Self.record(timings.fetch, stages.fetch)
        Self.record(timings.decode, stages.decode)
        Self.record(timings.tokenize, stages.tokenize)
        Self.record(timings.queue, stages.queue)
        Self.record(timings.forward, stages.forward)
        Self.record(timings.rank, stages.rank)
    }

    private static func record(_ time: Duration, _ timer: any TimerHandler) {
        guard time > .zero else { return }
        timer.recordNanoseconds(time.nanoseconds)
    }

    func reject(_ reason: Rejection) {
        rejections[reason]?.increment(by: 1)
    }

    /// Counts a request that gets no model for lack of capacity.
    func note(refused error: EmbeddingError) {
        switch error {
        case .modelLoading: reject(.modelLoading)
        case .tooManyLoads: reject(.tooManyLoads)
        case .modelTooLarge: reject(.modelTooLarge)
        case .shuttingDown: reject(.shuttingDown)
        default: break
        }
    }

    func note(_ event: ModelEvent) {
        switch event {
        case .loaded(let model):
            loadsDone.increment(by: 1)
            Self.record(model.loadTime, loadTime)
        case .failed: loadsFailed.increment(by: 1)
        case .unloaded(_, .asked): unloads["asked"]?.increment(by: 1)
        case .unloaded(_, .idle): unloads["idle"]?.increment(by: 1)
        case .unloaded(_, .room): unloads["room"]?.increment(by: 1)
        case .unloaded(_, .ending): break
        }
    }
}

extension EngineMetrics {
    /// Servers record a stage of their own under the same name.
    package static let stageDuration = MetricDescription(
        "clip_stage_duration_seconds",
        .histogram,
        labels: ["stage"],
        "Wall time of one answered request in a stage: fetch, decode, tokenize, queue, forward, rank; search and write are a server's."
    )
    static let batchItems = MetricDescription(
        "clip_batch_items",
        .histogram,
        labels: ["tower"],
        "Images or texts that went through the network together."
    )
    static let cacheHits = MetricDescription(
        "clip_cache_hits_total",
        .counter,
        labels: ["tower"],
        "Different items of requests whose embeddings were known."
    )
    static let cacheMisses = MetricDescription(
        "clip_cache_misses_total",
        .counter,
        labels: ["tower"],
        "Different items of requests whose embeddings had to be computed."
    )
    static let cacheShared = MetricDescription(
        "clip_cache_shared_total",
        .counter,
        labels: ["tower"],
        "Items of requests that another request, or the same, was computing already."
    )
    /// Servers count refusals of their own under the same name.
    package static let rejected = MetricDescription(
        "clip_rejected_total",
        .counter,
        labels: ["reason"],
        "Requests that were turned away for load's sake, or at the door."
    )
    static let modelLoads = MetricDescription(
        "clip_model_loads_total",
        .counter,
        labels: ["outcome"],
        "Loads of models that ended: loaded or failed."
    )
    static let modelLoadDuration = MetricDescription(
        "clip_model_load_duration_seconds",
        .histogram,
        "Time that a model took from its files into memory."
    )
    static let modelUnloads = MetricDescription(
        "clip_model_unloads_total",
        .counter,
        labels: ["reason"],
        "Models that were let go of: asked, idle, room."
    )

    /// All metrics that the engine reports to a backend.
    package static let descriptions = [
        stageDuration, batchItems, cacheHits, cacheMisses, cacheShared, rejected, modelLoads,
        modelLoadDuration,
        modelUnloads,
    ]
}

extension Duration {
    /// Whole nanoseconds, limited to what fits into the integer.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, isTooMany) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return isTooMany ? .max : whole &+ attoseconds / 1_000_000_000
    }
}
