internal import Synchronization

/// The models by name, and which of them are in memory.
///
/// A model that is not there is loaded by the first request that names it; requests that come meanwhile share that one load,
/// whoever of them leaves. A request keeps the model that it was given to its end, so that all of its parts come from one
/// network. All decisions are ``ModelShelf``'s; this type has the models, a lock, and those who wait.
final class ModelRegistry: Sendable {
    /// A model and whether the one who asked for it caused its load.
    typealias Found = (model: LoadedModel, isOwnLoad: Bool)

    private struct Waiter {
        let ticket: Int
        let isOwnLoad: Bool
        let heldBytes: Int
        let continuation: CheckedContinuation<Result<Found, EmbeddingError>, Never>
    }

    private struct State {
        var shelf: ModelShelf
        /// Those that answer, by ticket.
        var models: [Int: LoadedModel] = [:]
        var loads: [Int: Task<Void, Never>] = [:]
        /// What was loaded last under each name: whether it was a Perception Encoder.
        var perceptionEncoders: [String: Bool] = [:]
        var waiters: [Int: Waiter] = [:]
        var lastWaiter = 0
        /// Those of models that were let go of, until what they had begun has ended.
        var retired: [(name: String, batcher: Batcher)] = []
        /// How often the memory of a model has become free, and the load that waits for the next time.
        var endings = 0
        var roomWaiter: CheckedContinuation<Void, Never>?
        var isClosed = false
    }

    private let configuration: EngineConfiguration
    let names: ModelNames
    private let loader: ModelLoader
    let fetcher: ModelFetcher
    private let state: Mutex<State>
    /// One model is loaded at a time, so that those which serve have the processor.
    private let loading = Turnstile()

    init(configuration: EngineConfiguration) {
        self.configuration = configuration
        names = ModelNames(configuration)
        loader = ModelLoader(configuration: configuration)
        fetcher = ModelFetcher(configuration.provider)
        let limits = ModelShelf.Limits(
            memory: configuration.modelMemory,
            idleTime: configuration.idleTimeLimit
        )
        state = Mutex(State(shelf: ModelShelf(limits: limits, pinned: configuration.models[0].name)))
    }

    /// Whether models are refused, since the engine ends.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// The models in memory: those of the configuration in its order, then the others in the order in which they came.
    var loaded: [LoadedModel] {
        let order = configuration.models.map(\.name)
        return state.withLock { Array($0.models.values) }.map { model in
            (order.firstIndex(of: model.description.name) ?? order.count, model)
        }.sorted { ($0.0, $0.1.ticket) < ($1.0, $1.1.ticket) }.map(\.1)
    }

    /// The names of the models that are on their way.
    var coming: Set<String> { state.withLock { $0.shelf.coming }.union(fetcher.coming) }

    /// Bytes that models take.
    var byteCount: Int { state.withLock { $0.shelf.byteCount } }

    /// How many requests wait for a model.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    /// What is wrong with a model, also one that was let go of and has not ended; nil where nothing is.
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

    /// Whether a model is a Perception Encoder; nil for one that was never loaded.
    func isPerceptionEncoder(_ name: String) -> Bool? { state.withLock { $0.perceptionEncoders[name] } }

    // MARK: Requests

    /// A model in memory, loaded now if it has to be; to be given back.
    ///
    /// `loadTime` is set only for the caller that caused the load, and has what fetching the files took.
    ///
    /// - Parameters:
    ///   - patience: the longest wait for a load; nil for any.
    ///   - triesAnew: whether a load that has failed just now is begun again.
    /// - Throws: what the load comes to; `modelLoading` where it takes longer than the caller waits, or where those who wait
    ///   hold too much already; `cancelled`.
    func model(
        named name: String,
        patience: Duration? = nil,
        heldBytes: Int = 0,
        triesAnew: Bool = false
    ) async throws(EmbeddingError) -> (model: LoadedModel, loadTime: Duration?) {
        let loaded = state.withLock { state in
            state.isClosed ? nil : Self.borrow(name, from: &state, at: configuration.now())
        }
        if let loaded { return (loaded, nil) }
        let start = ContinuousClock.now
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let end = patience.map { start + $0 }
        let timer = end.map { end in
            Task {
                try? await Task.sleep(until: end)
                if !Task.isCancelled { self.giveUp(waiter, with: Self.isLoading(name)) }
            }
        }
        defer { timer?.cancel() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let early = state.withLock { state -> Result<Found, EmbeddingError>? in
                    guard !state.isClosed else { return .failure(.shuttingDown) }
                    guard !Task.isCancelled else { return .failure(.cancelled) }
                    let (ticket, isOwnLoad): (Int, Bool)
                    switch state.shelf.ask(for: name, at: configuration.now(), triesAnew: triesAnew) {
                    case .use(let ticket):
                        // What the shelf has, this has.
                        return state.models[ticket].map { .success(($0, false)) } ?? .failure(.shuttingDown)
                    case .refuse(let error): return .failure(error)
                    case .load(let new):
                        (ticket, isOwnLoad) = (new, true)
                        state.loads[new] = Task { await self.bring(name, ticket: new) }
                    case .wait(let known): (ticket, isOwnLoad) = (known, false)
                    }
                    // A timer that has fired already found nobody, and would not come again.
                    if let end, end <= .now { return .failure(Self.isLoading(name)) }
                    guard hasRoom(forWaiterWith: heldBytes, in: state) else {
                        return .failure(Self.isLoading(name))
                    }
                    state.waiters[waiter] = Waiter(
                        ticket: ticket,
                        isOwnLoad: isOwnLoad,
                        heldBytes: heldBytes,
                        continuation: continuation
                    )
                    return nil
                }
                if let early { continuation.resume(returning: early) }
            }
        } onCancel: {
            giveUp(waiter, with: .cancelled)
        }
        let found = try result.get()
        return (found.model, found.isOwnLoad ? ContinuousClock.now - start : nil)
    }

    /// A request is done with the model that it was given.
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
        state.shelf.use(name, at: now).flatMap { state.models[$0] }
    }

    /// Whether one more may wait: those who do hold their bodies meanwhile, which others want room for.
    private func hasRoom(forWaiterWith heldBytes: Int, in state: State) -> Bool {
        let held = state.waiters.values.reduce(0) { $0 + $1.heldBytes }
        return state.waiters.count < configuration.maxPendingItems
            && (held == 0 || held + heldBytes <= configuration.memoryBudget / 4)
    }

    private func giveUp(_ waiter: Int, with error: EmbeddingError) {
        let waiting = state.withLock { $0.waiters.removeValue(forKey: waiter) }
        waiting?.continuation.resume(returning: .failure(error))
    }

    private static func isLoading(_ name: String) -> EmbeddingError {
        .modelLoading(name: name, retryAfterSeconds: 5)
    }

    // MARK: Loads

    /// Fetches those configured models that are not here, and loads all, as far as there is room for them; the others come when
    /// a request names them.
    ///
    /// Requests come meanwhile, and may have begun any of this before.
    func start() async throws(EmbeddingError) {
        var sources: [ModelSource] = []
        for model in configuration.models { sources.append(try await source(of: model.name)) }
        var chosen = Array(sources.indices)
        if let limit = configuration.modelMemory {
            var sizes: [(name: String, byteCount: Int)] = []
            for source in sources {
                sizes.append((source.name, await loader.byteCount(of: source) ?? 0))
            }
            chosen = try ModelShelf.chosenAtStart(of: sizes, limit: limit)
        }
        for index in chosen {
            giveBack(try await model(named: sources[index].name, triesAnew: true).model)
        }
    }

    /// Fetches what has to be fetched, waits for room, loads, and tells those who wait.
    private func bring(_ name: String, ticket: Int) async {
        let source: ModelSource
        do throws(EmbeddingError) {
            source = try await self.source(of: name)
        } catch {
            return finish(name, ticket: ticket, with: .failure(error))
        }
        await loading.enter()
        // The next one has its turn when this one has its room, or has given it back.
        defer { loading.leave() }
        do throws(EmbeddingError) {
            try await makeRoom(for: source, ticket: ticket)
            let isBeside = state.withLock { !$0.models.isEmpty }
            let model = try await loader.load(source, isBeside: isBeside, ticket: ticket) { [weak self] in
                self?.ended(ticket)
            }
            finish(name, ticket: ticket, with: .success(model))
        } catch {
            finish(name, ticket: ticket, with: .failure(error))
        }
    }

    /// Where a model's files are, which may have to be fetched first.
    private func source(of name: String) async throws(EmbeddingError) -> ModelSource {
        guard let configured = names.sources[name] else { return try await fetcher.fetch(name) }
        return configured.isHere ? configured : try await fetcher.arrival(of: name)
    }

    /// Waits until there is room for a model, and has others leave for it.
    private func makeRoom(for source: ModelSource, ticket: Int) async throws(EmbeddingError) {
        guard configuration.modelMemory != nil,
            let byteCount = await loader.byteCount(of: source)
        else { return }
        while true {
            let (room, seen, gone) = state.withLock { state -> (ModelShelf.Room, Int, [LoadedModel]) in
                guard !state.isClosed else { return (.refused(.shuttingDown), 0, []) }
                let room = state.shelf.reserve(byteCount, for: source.name, ticket: ticket)
                guard case .waits(let leaving) = room else { return (room, 0, []) }
                return (room, state.endings, letGo(leaving, of: &state))
            }
            tell(of: gone, .room(for: source.name))
            switch room {
            case .granted: return
            case .refused(let error): throw error
            case .waits: break
            }
            await end(after: seen, dropping: gone)
        }
    }

    /// Waits until the memory of a model has become free, or room that was promised to one that failed.
    ///
    /// - Parameter gone: those that were let go of, of which this has the last references.
    private func end(after seen: Int, dropping gone: consuming [LoadedModel]) async {
        gone.removeAll()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard state.endings == seen, !state.isClosed else { return true }
                state.roomWaiter = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    private func ended(_ ticket: Int) {
        let waiter = state.withLock { state in
            state.shelf.ended(ticket: ticket)
            state.endings += 1
            defer { state.roomWaiter = nil }
            return state.roomWaiter
        }
        waiter?.resume()
    }

    private func finish(_ name: String, ticket: Int, with result: Result<LoadedModel, EmbeddingError>) {
        let (waiters, roomWaiter) = state.withLock {
            state -> ([Waiter]?, CheckedContinuation<Void, Never>?) in
            state.loads[ticket] = nil
            // Those who waited have been told.
            guard !state.isClosed else { return (nil, nil) }
            var roomWaiter: CheckedContinuation<Void, Never>?
            let waiters = state.waiters.filter { $0.value.ticket == ticket }
            for number in waiters.keys { state.waiters[number] = nil }
            switch result {
            case .success(let model):
                state.models[ticket] = model
                state.perceptionEncoders[name] = model.description.isPerceptionEncoder
                state.shelf.loaded(
                    name,
                    ticket: ticket,
                    byteCount: model.description.byteCount,
                    borrowers: waiters.count,
                    at: configuration.now()
                )
            case .failure(let error):
                state.shelf.failed(name, ticket: ticket, with: error, at: configuration.now())
                state.endings += 1
                swap(&roomWaiter, &state.roomWaiter)
            }
            return (Array(waiters.values), roomWaiter)
        }
        roomWaiter?.resume()
        guard let waiters else { return }
        switch result {
        case .success(let model): configuration.onModelEvent(.loaded(model.description))
        case .failure(let error): configuration.onModelEvent(.failed(name: name, error))
        }
        for waiter in waiters {
            waiter.continuation.resume(returning: result.map { ($0, waiter.isOwnLoad) })
        }
    }

    // MARK: Leaving

    /// Lets go of a model; its memory is free once the requests that have it are finished.
    ///
    /// A load that is under way goes on: a second one beside it would only take more.
    func unload(_ name: String) {
        let gone = state.withLock { state in
            state.shelf.remove(name).map { letGo([$0], of: &state) } ?? []
        }
        tell(of: gone, .asked)
    }

    /// Lets go of all models.
    func unloadAll() {
        for model in loaded { unload(model.description.name) }
    }

    /// Lets go of those that nobody has asked for lately.
    func unloadIdle() {
        let gone = state.withLock { state in
            letGo(state.shelf.removeIdle(at: configuration.now()), of: &state)
        }
        tell(of: gone, .idle)
    }

    /// How long it takes until a model may be idle for long enough; nil where none can.
    var timeUntilIdle: Duration? {
        guard let limit = configuration.idleTimeLimit else { return nil }
        return state.withLock { state in
            state.isClosed ? nil : state.shelf.nextIdle.map { configuration.now().duration(to: $0) } ?? limit
        }
    }

    /// Lets go of all models and loads none again.
    func close() {
        fetcher.end()
        let (loads, waiters, roomWaiter) = state.withLock { state in
            state.isClosed = true
            defer { (state.waiters, state.roomWaiter) = ([:], nil) }
            return (Array(state.loads.values), Array(state.waiters.values), state.roomWaiter)
        }
        for load in loads { load.cancel() }
        for waiter in waiters { waiter.continuation.resume(returning: .failure(.shuttingDown)) }
        roomWaiter?.resume()
        unloadAll()
    }

    /// The models of these tickets, which the registry has no more: each may end with the last reference, which takes time,
    /// and so happens outside of the lock.
    private func letGo(_ tickets: [Int], of state: inout State) -> [LoadedModel] {
        let gone = tickets.compactMap { state.models.removeValue(forKey: $0) }
        state.retired += gone.map { ($0.description.name, $0.worker.batcher) }
        return gone
    }

    private func tell(of gone: [LoadedModel], _ reason: ModelEvent.UnloadReason) {
        for model in gone {
            configuration.onModelEvent(.unloaded(name: model.description.name, reason))
        }
    }
}
