import CLIPEngine

/// The metrics that are read at each scrape instead of being counted as events happen.
enum StateMetric: CaseIterable {
    case queueItems, queueLists, itemsInHand, itemLimit
    case bytesInHand, byteLimit
    case modelsLoaded, modelsLoading, modelBytes, modelByteTotal, modelByteLimit
    case cacheEntries, cacheBytes
    case labelHits, labelMisses, labelShared, labelEntries, labelBytes
    case requestsInFlight, connections, ready
    case buildInfo
    case residentMemory, virtualMemory, processorSeconds, startTime, openDescriptors, mostDescriptors

    /// The values of the labels, in the labels' order, and the number.
    typealias Sample = ([String], Double)

    var description: MetricDescription {
        switch self {
        case .queueItems:
            MetricDescription(
                "clip_queue_items",
                .gauge,
                labels: ["tower"],
                "Images or texts that wait for a forward pass."
            )
        case .queueLists:
            MetricDescription(
                "clip_queue_lists",
                .gauge,
                "Requests of many items that wait until they are let in."
            )
        case .itemsInHand:
            MetricDescription(
                "clip_items_in_hand",
                .gauge,
                "Images and texts of requests that were let in, until these are answered."
            )
        case .itemLimit:
            MetricDescription("clip_items_limit", .gauge, "Items in hand at which more are turned away.")
        case .bytesInHand:
            MetricDescription(
                "clip_memory_bytes",
                .gauge,
                labels: ["purpose"],
                "Bytes that requests hold: fetching, input, decoding, answers."
            )
        case .byteLimit:
            MetricDescription(
                "clip_memory_limit_bytes",
                .gauge,
                "The most bytes that requests may hold together."
            )
        case .modelsLoaded: MetricDescription("clip_models_loaded", .gauge, "Models in memory.")
        case .modelsLoading:
            MetricDescription("clip_models_loading", .gauge, "Models on their way into memory.")
        case .modelBytes:
            MetricDescription(
                "clip_model_bytes",
                .gauge,
                labels: ["model"],
                "Bytes that a model in memory takes."
            )
        case .modelByteTotal:
            MetricDescription(
                "clip_model_memory_bytes",
                .gauge,
                "Bytes that all models take or were promised, those that leave included."
            )
        case .modelByteLimit:
            MetricDescription(
                "clip_model_memory_limit_bytes",
                .gauge,
                "The most bytes that models may take; absent where there is no limit."
            )
        case .cacheEntries:
            MetricDescription(
                "clip_cache_entries",
                .gauge,
                labels: ["model", "tower"],
                "Embeddings that are kept."
            )
        case .cacheBytes:
            MetricDescription(
                "clip_cache_bytes",
                .gauge,
                labels: ["model", "tower"],
                "Bytes that kept embeddings take."
            )
        case .labelHits:
            MetricDescription(
                "clip_label_cache_hits_total",
                .counter,
                "Classifications whose labels were known."
            )
        case .labelMisses:
            MetricDescription(
                "clip_label_cache_misses_total",
                .counter,
                "Classifications whose labels had to be embedded."
            )
        case .labelShared:
            MetricDescription(
                "clip_label_cache_shared_total",
                .counter,
                "Classifications whose labels another request was embedding already."
            )
        case .labelEntries:
            MetricDescription(
                "clip_label_cache_entries",
                .gauge,
                "Sets of labels that are kept, of all models together."
            )
        case .labelBytes:
            MetricDescription("clip_label_cache_bytes", .gauge, "Bytes that kept sets of labels take.")
        case .requestsInFlight:
            MetricDescription(
                "clip_http_requests_in_flight",
                .gauge,
                "Requests that are being answered, this one included."
            )
        case .connections:
            MetricDescription(
                "clip_http_connections",
                .gauge,
                labels: ["listener"],
                "Open connections: requests, health, metrics."
            )
        case .ready:
            MetricDescription(
                "clip_ready",
                .gauge,
                "1 where requests should be sent here, as /readiness says."
            )
        case .buildInfo:
            MetricDescription("clip_build_info", .gauge, labels: ["version"], "Always 1.")
        case .residentMemory:
            MetricDescription("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.")
        case .virtualMemory:
            MetricDescription("process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes.")
        case .processorSeconds:
            MetricDescription(
                "process_cpu_seconds_total",
                .counter,
                "Total user and system CPU time spent in seconds."
            )
        case .startTime:
            MetricDescription(
                "process_start_time_seconds",
                .gauge,
                "Start time of the process since unix epoch in seconds."
            )
        case .openDescriptors:
            MetricDescription("process_open_fds", .gauge, "Number of open file descriptors.")
        case .mostDescriptors:
            MetricDescription("process_max_fds", .gauge, "Maximum number of open file descriptors.")
        }
    }

    /// The current samples; none if the value is unknown.
    func samples(
        _ engine: EngineStatistics,
        _ context: RouteContext,
        _ process: ProcessFigures?
    ) -> [Sample] {
        func one(_ number: (some BinaryInteger)?) -> [Sample] { number.map { [([], Double($0))] } ?? [] }
        func one(_ number: Double?) -> [Sample] { number.map { [([], $0)] } ?? [] }
        func caches(_ figure: (CacheStatistics) -> Int) -> [Sample] {
            engine.models.flatMap { model in
                [(Tower.image, model.imageCache), (.text, model.textCache)].compactMap { tower, cache in
                    cache.map { ([model.name, tower.rawValue], Double(figure($0))) }
                }
            }
        }
        switch self {
        case .queueItems:
            return [
                ([Tower.image.rawValue], Double(engine.models.reduce(0) { $0 + $1.waitingImages })),
                ([Tower.text.rawValue], Double(engine.models.reduce(0) { $0 + $1.waitingTexts })),
            ]
        case .queueLists: return one(engine.waitingLists)
        case .itemsInHand: return one(engine.itemsInHand)
        case .itemLimit: return one(engine.itemLimit)
        case .bytesInHand:
            return ByteBudget.Purpose.allCases.map {
                (["\($0)"], Double(engine.bytesByPurpose[$0] ?? 0))
            }
        case .byteLimit: return one(engine.byteLimit)
        case .modelsLoaded: return one(engine.models.count)
        case .modelsLoading: return one(engine.modelsLoading)
        case .modelBytes: return engine.models.map { ([$0.name], Double($0.byteCount)) }
        case .modelByteTotal: return one(engine.modelBytes)
        case .modelByteLimit: return one(engine.modelByteLimit)
        case .cacheEntries: return caches(\.entries)
        case .cacheBytes: return caches(\.byteCount)
        case .labelHits: return one(engine.labelCache.hits)
        case .labelMisses: return one(engine.labelCache.misses)
        case .labelShared: return one(engine.labelCache.shared)
        case .labelEntries: return one(engine.labelCache.entries)
        case .labelBytes: return one(engine.labelCache.byteCount)
        case .requestsInFlight: return one(context.metrics.requestsInFlight)
        case .connections:
            let open = context.metrics.openConnections
            return ListenerPurpose.allCases.compactMap { listener in
                open[listener].map { ([listener.rawValue], Double($0)) }
            }
        case .ready: return one(Operations.readiness(of: context).status == 200 ? 1 : 0)
        case .buildInfo: return [([context.identity.version], 1)]
        case .residentMemory: return one(process?.residentBytes)
        case .virtualMemory: return one(process?.virtualBytes)
        case .processorSeconds: return one(process?.processorSeconds)
        case .startTime: return one(process?.startTime)
        case .openDescriptors: return one(process?.openDescriptors)
        case .mostDescriptors: return one(process?.mostDescriptors)
        }
    }
}
