internal import Synchronization

/// The configured models by name, and which of them are in memory.
///
/// A model that was unloaded is loaded again by the next request that names it; requests that come meanwhile share that
/// one load. A request keeps the model that it was given to its end, so that all of its parts come from one network.
final class ModelRegistry: Sendable {
    private enum Slot {
        case unloaded
        case loading(Task<Result<LoadedModel, EmbeddingError>, Never>, id: Int)
        case loaded(LoadedModel)
    }

    private struct State {
        var slots: [Slot]
        /// Those of models that were let go of, until what they had begun has ended.
        var retired: [(name: String, batcher: Batcher)] = []
        var loads = 0
        var isClosed = false
    }

    private enum Step {
        case ready(LoadedModel)
        case wait(Task<Result<LoadedModel, EmbeddingError>, Never>, isOwnLoad: Bool, id: Int)
        case refuse(EmbeddingError)
    }

    private let passTimeLimit: Duration
    private let sources: [ModelSource]
    private let loader: ModelLoader
    private let state: Mutex<State>

    init(configuration: EngineConfiguration) {
        passTimeLimit = configuration.passTimeLimit
        sources = configuration.models
        loader = ModelLoader(configuration: configuration)
        state = Mutex(State(slots: configuration.models.map { _ in .unloaded }))
    }

    /// Whether models are refused, since the engine ends.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// The models in memory, in the order of the configuration.
    var loaded: [ModelDescription] {
        state.withLock { state in
            state.slots.compactMap { slot in
                guard case .loaded(let model) = slot else { return nil }
                return model.description
            }
        }
    }

    /// What is wrong with a model, also one that was let go of and has not ended; nil where nothing is.
    var healthProblem: String? {
        let batchers = state.withLock { state in
            state.retired.removeAll { $0.batcher.isOver }
            return state.retired
                + state.slots.compactMap { slot -> (String, Batcher)? in
                    guard case .loaded(let model) = slot else { return nil }
                    return (model.description.name, model.worker.batcher)
                }
        }
        for (name, batcher) in batchers {
            guard let problem = batcher.problem(passLimit: passTimeLimit) else { continue }
            return "model \(name): \(problem)"
        }
        return nil
    }

    /// A model that is in memory, by its place in the configuration.
    func loadedModel(at index: Int) -> LoadedModel? {
        state.withLock { state in
            guard case .loaded(let model) = state.slots[index] else { return nil }
            return model
        }
    }

    /// A model that is in memory.
    func loadedModel(named name: String) -> LoadedModel? {
        sources.firstIndex { $0.name == name }.flatMap(loadedModel(at:))
    }

    /// The place of a model in the configuration.
    ///
    /// Nil asks for the default one.
    func index(of name: String?) throws(EmbeddingError) -> Int {
        guard let name else { return 0 }
        guard EngineConfiguration.isModelName(name) else { throw .invalidModelName(name) }
        guard let index = sources.firstIndex(where: { $0.name == name }) else { throw .unknownModel(name) }
        return index
    }

    /// A model in memory, loaded now if it has to be.
    ///
    /// `loadTime` is set only for the caller that caused the load.
    func model(at index: Int) async throws(EmbeddingError) -> (model: LoadedModel, loadTime: Duration?) {
        let step: Step = state.withLock { state in
            guard !state.isClosed else { return .refuse(.shuttingDown) }
            switch state.slots[index] {
            case .loaded(let model): return .ready(model)
            case .loading(let task, let id): return .wait(task, isOwnLoad: false, id: id)
            case .unloaded:
                state.loads += 1
                let task = Task {
                    [loader, source = sources[index]] () async -> Result<LoadedModel, EmbeddingError> in
                    do throws(EmbeddingError) {
                        return .success(try await loader.load(source))
                    } catch {
                        return .failure(error)
                    }
                }
                state.slots[index] = .loading(task, id: state.loads)
                return .wait(task, isOwnLoad: true, id: state.loads)
            }
        }
        switch step {
        case .ready(let model): return (model, nil)
        case .refuse(let error): throw error
        case .wait(let task, let isOwnLoad, let id):
            let result = await task.value
            let isClosed = state.withLock { state in
                guard case .loading(_, id) = state.slots[index] else { return state.isClosed }
                state.slots[index] =
                    if case .success(let model) = result, !state.isClosed { .loaded(model) } else {
                        .unloaded
                    }
                return state.isClosed
            }
            guard !isClosed else { throw .shuttingDown }
            let model = try result.get()
            return (model, isOwnLoad ? model.description.loadTime : nil)
        }
    }

    /// Lets go of a model; its memory is free once the requests that have it are finished.
    ///
    /// A load that is under way goes on: a second one beside it would only take more.
    func unload(at index: Int) {
        // The model may end with this last reference; that takes time, and so happens outside of the lock.
        _ = state.withLock { state -> Slot? in
            guard case .loaded(let model) = state.slots[index] else { return nil }
            state.retired.append((model.description.name, model.worker.batcher))
            defer { state.slots[index] = .unloaded }
            return state.slots[index]
        }
    }

    /// Lets go of all models.
    func unloadAll() {
        for index in sources.indices { unload(at: index) }
    }

    /// Lets go of all models and loads none again.
    func close() {
        state.withLock { $0.isClosed = true }
        unloadAll()
    }
}
