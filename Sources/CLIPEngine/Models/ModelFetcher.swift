internal import Foundation
internal import Synchronization

/// Lets the provider fetch the files of models, a few models at a time.
///
/// A configured model that is not on this machine is fetched once, for the start and for all requests that come
/// meanwhile. It is fetched again if its files are gone when it is next loaded, because other programs clear caches,
/// too.
final class ModelFetcher: Sendable {
    private typealias Arrival = Task<Result<ModelSource, EmbeddingError>, Never>

    private struct State {
        /// The configured models that are being fetched, and the places of those that are, or were, on this machine.
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

    /// The place of a configured model; the directory is empty if the files have to be fetched.
    ///
    /// This reads the disk.
    func place(of model: ModelSource) -> ModelSource {
        let known = state.withLock { $0.arrived[model.name] }
        guard let known, !isGone(known) else {
            return ModelSource(name: model.name, directory: "", origin: (known ?? model).origin)
        }
        return known
    }

    /// Whether a copy of a repository is no longer at its place and can be fetched again.
    private func isGone(_ source: ModelSource) -> Bool {
        provider != nil && source.origin != nil && !FileManager.default.fileExists(atPath: source.directory)
    }

    /// Whether all files of a model that is not configured are on this machine.
    func isHere(_ name: String) -> Bool { provider?.here(name) != nil }

    /// Makes the next load of a configured model look for its files anew, because the ones found could not be loaded.
    func forget(_ source: ModelSource) {
        guard provider != nil, source.origin != nil else { return }
        state.withLock { state in
            if state.arrived[source.name] == source { state.arrived[source.name] = nil }
        }
    }

    /// Fetches the files of a model, or returns their place if all of them are on this machine.
    ///
    /// - Parameter waits: whether the fetch waits for one of a few places; the operator's models do not wait for those
    ///   that requests name.
    func fetch(_ name: String, waits: Bool = true) async throws(EmbeddingError) -> ModelSource {
        guard let provider else { throw .unknownModel(name) }
        // Files on this machine need no place.
        if let source = provider.here(name) { return source }
        let place = waits ? await FetchPlace(in: places) : FetchPlace(beside: places)
        defer { place.leave() }
        guard !Task.isCancelled else { throw .shuttingDown }
        let found = try await provider.locate(name) { place.pause(for: $0) }
        return ModelSource(name: name, directory: found.directory, origin: found.origin)
    }

    /// The files of a configured model; after a failure, the next call tries again.
    func arrival(of model: ModelSource) async throws(EmbeddingError) -> ModelSource {
        let name = model.name
        let gone = state.withLock { $0.arrived[name] }
        if let known = gone, !isGone(known) { return known }
        let (source, arrival) = state.withLock { state -> (ModelSource?, Arrival?) in
            if state.arrived[name] == gone { state.arrived[name] = nil }
            // Another call has fetched it meanwhile.
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

    /// Ends the fetches of configured models, and refuses new ones.
    func end() {
        let arrivals = state.withLock { state in
            state.isOver = true
            return Array(state.coming.values)
        }
        for arrival in arrivals { arrival.cancel() }
    }
}
