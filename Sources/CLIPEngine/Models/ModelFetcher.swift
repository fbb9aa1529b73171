internal import Foundation
internal import Synchronization

/// Has the provider bring the files of models, a few at a time.
///
/// Those of a configured model that is not on this machine are fetched once, for the start and for all requests that come meanwhile;
/// and again where they are not there any more when it is loaded anew: caches are cleared by others, too.
final class ModelFetcher: Sendable {
    private typealias Arrival = Task<Result<ModelSource, EmbeddingError>, Never>

    private struct State {
        /// The configured models that are being fetched, and where those are that were here or have been.
        var coming: [String: Arrival] = [:]
        var arrived: [String: ModelSource]
        var isOver = false
    }

    private let provider: ModelProvider?
    private let places = Turnstile(places: 4)
    private let state: Mutex<State>

    init(_ configuration: EngineConfiguration) {
        provider = configuration.provider
        let here = configuration.models.filter(\.isHere).map { ($0.name, $0) }
        state = Mutex(State(arrived: Dictionary(here) { first, _ in first }))
    }

    /// The names of the configured models that are being fetched.
    var coming: Set<String> { state.withLock { Set($0.coming.keys) } }

    /// Where a configured model is; without a directory where its files have to be fetched.
    ///
    /// Looks at the disk.
    func place(of model: ModelSource) -> ModelSource {
        let known = state.withLock { $0.arrived[model.name] }
        guard let known, !isGone(known) else {
            return ModelSource(name: model.name, directory: "", origin: (known ?? model).origin)
        }
        return known
    }

    /// Whether a copy of a repository is not where it was, and can be fetched again.
    private func isGone(_ source: ModelSource) -> Bool {
        provider != nil && source.origin != nil && !FileManager.default.fileExists(atPath: source.directory)
    }

    /// Whether all files of a model are on this machine that no configured one is.
    func isHere(_ name: String) -> Bool { provider?.here(name) != nil }

    /// Has a configured model looked for anew when it is loaded the next time: what was found could not be loaded.
    func forget(_ source: ModelSource) {
        guard provider != nil, source.origin != nil else { return }
        state.withLock { state in
            if state.arrived[source.name] == source { state.arrived[source.name] = nil }
        }
    }

    /// Brings the files of a model, or says where they are if all of them are here.
    ///
    /// - Parameter waits: whether it has its turn among a few; what the operator named has not to wait for what strangers did.
    func fetch(_ name: String, waits: Bool = true) async throws(EmbeddingError) -> ModelSource {
        guard let provider else { throw .unknownModel(name) }
        // What is here waits for nobody's download.
        if let source = provider.here(name) { return source }
        let place = waits ? await FetchPlace(in: places) : FetchPlace(beside: places)
        defer { place.leave() }
        guard !Task.isCancelled else { throw .shuttingDown }
        let found = try await provider.locate(name) { place.pause(for: $0) }
        return ModelSource(name: name, directory: found.directory, origin: found.origin)
    }

    /// The files of a configured model; after a failure, whoever comes next has it tried anew.
    func arrival(of model: ModelSource) async throws(EmbeddingError) -> ModelSource {
        let name = model.name
        let gone = state.withLock { $0.arrived[name] }
        if let known = gone, !isGone(known) { return known }
        let (source, arrival) = state.withLock { state -> (ModelSource?, Arrival?) in
            if state.arrived[name] == gone { state.arrived[name] = nil }
            // Another has brought it meanwhile.
            if let source = state.arrived[name] { return (source, nil) }
            guard !state.isOver else { return (nil, nil) }
            if let arrival = state.coming[name] { return (nil, arrival) }
            let arrival = Task { await self.arrive(name) }
            state.coming[name] = arrival
            return (nil, arrival)
        }
        if let source { return source }
        guard let arrival else { throw .shuttingDown }
        return try await arrival.value.get()
    }

    private func arrive(_ name: String) async -> Result<ModelSource, EmbeddingError> {
        let result: Result<ModelSource, EmbeddingError>
        do throws(EmbeddingError) {
            result = .success(try await fetch(name, waits: false))
        } catch {
            // Only ``end()`` cancels it.
            result = .failure(error == .cancelled ? .shuttingDown : error)
        }
        state.withLock { state in
            state.coming[name] = nil
            if case .success(let source) = result { state.arrived[name] = source }
        }
        return result
    }

    /// Ends the fetches of configured models, and begins none again.
    func end() {
        let arrivals = state.withLock { state in
            state.isOver = true
            return Array(state.coming.values)
        }
        for arrival in arrivals { arrival.cancel() }
    }
}
