internal import Synchronization

/// The models by name, and which of them are in memory.
///
/// A model that is not in memory is loaded by the first request that names it. Requests that come meanwhile share that
/// load, which goes on when one of them leaves. A request keeps its model to the end, so that all of its parts come
/// from one network. ``ModelShelf`` makes all decisions; this type has the models, a lock, and the requests that wait.
final class ModelRegistry: Sendable {
    /// A model, and whether the request for it caused its load.
    typealias Found = (model: LoadedModel, isOwnLoad: Bool)

    struct State {
        var shelf: ModelShelf
        /// The models in memory, by ticket.
        var models: [Int: LoadedModel] = [:]
        var loads: [Int: Task<Void, Never>] = [:]
        /// The names of checkpoints that are already in memory under another name, with that name and the model's
        /// ticket.
        var sameAs: [String: (name: String, ticket: Int)] = [:]
        /// Whether the models of these names are Perception Encoders, as far as that is known.
        var perceptionEncoders: [String: Bool] = [:]
        var waiters: ModelWaiters
        /// The batchers of models that were unloaded, until their passes have ended.
        var retired: [(name: String, batcher: Batcher)] = []
        /// How often the memory of a model has become free, and the load that waits for the next time.
        var endings = 0
        var roomWaiter: CheckedContinuation<Void, Never>?
        var hasStarted = false
        /// The task that tries again to load the default model.
        var retry: Task<Void, Never>?
        var isClosed = false
    }

    let configuration: EngineConfiguration
    let names: ModelNames
    let loader: ModelLoader
    let fetcher: ModelFetcher
    /// The label directions of all models; those of a model are forgotten when it is unloaded.
    let labelCache: LabelCache
    let state: Mutex<State>
    /// Models are loaded one at a time, so that those in memory keep the processor.
    let loading = Turnstile()

    init(configuration: EngineConfiguration, labelCache: LabelCache, metrics: EngineMetrics) {
        self.configuration = configuration
        self.labelCache = labelCache
        names = ModelNames(configuration)
        loader = ModelLoader(configuration: configuration, metrics: metrics)
        fetcher = ModelFetcher(configuration)
        let limits = ModelShelf.Limits(
            memory: configuration.modelMemory,
            idleTime: configuration.idleTimeLimit
        )
        state = Mutex(
            State(
                shelf: ModelShelf(limits: limits, pinned: configuration.models[0].name),
                waiters: ModelWaiters(configuration)
            )
        )
    }

    /// Whether requests are refused because the engine is shutting down.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Whether the default model could not be loaded, and has not been loaded since.
    var lacksDefault: Bool { state.withLock { $0.shelf.lacksPinned } }

    /// The models in memory: the configured ones in their order, then the others in the order in which they were
    /// loaded.
    var loaded: [LoadedModel] {
        let order = configuration.models.map(\.name)
        return state.withLock { Array($0.models.values) }.map { model in
            (order.firstIndex(of: model.description.name) ?? order.count, model)
        }.sorted { ($0.0, $0.1.ticket) < ($1.0, $1.1.ticket) }.map(\.1)
    }

    /// Whether new requests can still get the model of a ticket.
    func has(_ ticket: Int) -> Bool { state.withLock { $0.models[ticket] != nil } }

    /// The names of the models that are being fetched or loaded.
    var coming: Set<String> { state.withLock { $0.shelf.coming }.union(fetcher.coming) }

    /// The bytes that models take.
    var byteCount: Int { state.withLock { $0.shelf.byteCount } }

    /// How many requests wait for a model.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    /// What is wrong with a model, including unloaded ones that still have passes; nil if nothing is.
    var healthProblem: String? {
        let batchers = state.withLock { state in
            state.retired.removeAll { $0.batcher.isOver }
            return state.retired + state.models.values.map { ($0.description.name, $0.worker.batcher) }
        }
        for (name, batcher) in batchers {
            guard let problem = batcher.problem(passLimit: configuration.passTimeLimit) else { continue }
            return "model \(name): \(problem)"
        }
        return nil
    }

    /// Whether a model is a Perception Encoder: from the loaded model, or from the files of a configured one; nil if
    /// neither is there.
    func isPerceptionEncoder(_ name: String) -> Bool? {
        if let known = state.withLock({ $0.perceptionEncoders[name] }) { return known }
        guard let configured = names.sources[name] else { return nil }
        let place = fetcher.place(of: configured)
        guard place.isHere, let found = loader.isPerceptionEncoder(place) else { return nil }
        state.withLock { $0.perceptionEncoders[name] = found }
        return found
    }

    // MARK: Requests

    /// A request for a model and its terms.
    private struct Wish {
        let name: String
        /// The time by which a load must have ended; nil for no limit.
        let end: ContinuousClock.Instant?
        let heldBytes: Int
        let triesAnew: Bool
        let isStart: Bool
        /// Whether the limit on the number of fetches does not apply.
        var passes: Bool
    }

    /// A model in memory, loaded now if need be; the caller has to give it back.
    ///
    /// `loadTime` is set only for the caller that caused the load; it includes the time for fetching the files.
    ///
    /// - Parameters:
    ///   - patience: the longest wait for a load; nil for no limit.
    ///   - triesAnew: whether a load that has just failed is begun again.
    ///   - isStart: whether the engine's own start is the caller, to which the limits of waiting requests do not apply.
    /// - Throws: the error of the load; `modelLoading` if it takes longer than the caller waits, or if waiting requests
    ///   hold too much already; `tooManyLoads` for a model that has to be fetched while many others are; `cancelled`.
    func model(
        named name: String,
        patience: Duration? = nil,
        heldBytes: Int = 0,
        triesAnew: Bool = false,
        isStart: Bool = false
    ) async throws(EmbeddingError) -> (model: LoadedModel, loadTime: Duration?) {
        let loaded = state.withLock { state in
            state.isClosed ? nil : Self.borrow(name, from: &state, at: configuration.now())
        }
        if let loaded { return (loaded, nil) }
        let start = ContinuousClock.now
        var wish = Wish(
            name: name,
            end: patience.map { start + $0 },
            heldBytes: heldBytes,
            triesAnew: triesAnew,
            isStart: isStart,
            passes: names.sources[name] != nil
        )
        let found: Found
        do throws(EmbeddingError) {
            found = try await wait(for: wish)
        } catch .tooManyLoads where fetcher.isHere(name) {
            wish.passes = true
            found = try await wait(for: wish)
        } catch {
            throw error
        }
        return (found.model, found.isOwnLoad ? ContinuousClock.now - start : nil)
    }

    private func wait(for wish: Wish) async throws(EmbeddingError) -> Found {
        let number = state.withLock { $0.waiters.nextNumber() }
        let timer = wish.end.map { end in
            Task {
                try? await Task.sleep(until: end)
                if !Task.isCancelled { self.giveUp(number, with: Self.isLoading(wish.name)) }
            }
        }
        defer { timer?.cancel() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let early = state.withLock { enter(wish, as: number, continuation, &$0) }
                if let early { continuation.resume(returning: early) }
            }
        } onCancel: {
            giveUp(number, with: .cancelled)
        }
        return try result.get()
    }

    /// Finds a model; otherwise lets the caller wait for its load, and returns nil.
    private func enter(
        _ wish: Wish,
        as number: Int,
        _ continuation: CheckedContinuation<Result<Found, EmbeddingError>, Never>,
        _ state: inout State
    ) -> Result<Found, EmbeddingError>? {
        guard !state.isClosed else { return .failure(.shuttingDown) }
        guard !Task.isCancelled else { return .failure(.cancelled) }
        let (ticket, isOwnLoad): (Int, Bool)
        let step = state.shelf.ask(
            for: wish.name,
            at: configuration.now(),
            triesAnew: wish.triesAnew,
            passes: wish.passes
        )
        switch step {
        case .use(let ticket):
            // The shelf and the table of models agree.
            return state.models[ticket].map { .success(($0, false)) } ?? .failure(.shuttingDown)
        case .refuse(let error): return .failure(error)
        case .load(let new):
            (ticket, isOwnLoad) = (new, true)
            state.loads[new] = Task { await self.bring(wish.name, ticket: new) }
        case .wait(let known): (ticket, isOwnLoad) = (known, false)
        }
        // A timer that has already fired found no waiter, and will not fire again.
        if let end = wish.end, end <= .now { return .failure(Self.isLoading(wish.name)) }
        guard wish.isStart || state.waiters.hasRoom(forBytes: wish.heldBytes) else {
            return .failure(Self.isLoading(wish.name))
        }
        state.waiters.add(
            ModelWaiters.Waiter(
                ticket: ticket,
                isOwnLoad: isOwnLoad,
                heldBytes: wish.isStart ? nil : wish.heldBytes,
                continuation: continuation
            ),
            as: number
        )
        return nil
    }

    /// Ends a request's use of a model.
    func giveBack(_ model: LoadedModel) {
        state.withLock {
            $0.shelf.giveBack(model.description.name, ticket: model.ticket, at: configuration.now())
        }
    }

    private static func borrow(
        _ name: String,
        from state: inout State,
        at now: ContinuousClock.Instant
    ) -> LoadedModel? {
        let name = state.sameAs[name]?.name ?? name
        return state.shelf.use(name, at: now).flatMap { state.models[$0] }
    }

    private func giveUp(_ number: Int, with error: EmbeddingError) {
        let waiting = state.withLock { $0.waiters.remove(number) }
        waiting?.continuation.resume(returning: .failure(error))
    }

    private static func isLoading(_ name: String) -> EmbeddingError {
        .modelLoading(name: name, retryAfterSeconds: 5)
    }
}
