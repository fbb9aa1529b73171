internal import Synchronization

/// Has the provider bring the files of models, a few at a time.
///
/// Those of a configured model that is not on this machine are fetched once, for the start and for all requests that come meanwhile.
final class ModelFetcher: Sendable {
    private typealias Arrival = Task<Result<ModelSource, EmbeddingError>, Never>

    private struct State {
        /// The configured models that are being fetched, and where those are that have been.
        var coming: [String: Arrival] = [:]
        var arrived: [String: ModelSource] = [:]
        var isOver = false
    }

    private let provider: ModelProvider?
    private let places = Turnstile(places: 4)
    private let state = Mutex(State())

    init(_ provider: ModelProvider?) {
        self.provider = provider
    }

    /// The names of the configured models that are being fetched.
    var coming: Set<String> { state.withLock { Set($0.coming.keys) } }

    /// Where the configured models are that have been fetched, by name.
    var arrived: [String: ModelSource] { state.withLock { $0.arrived } }

    /// Brings the files of a model that a request names, or says where they are if all of them are here.
    func fetch(_ name: String) async throws(EmbeddingError) -> ModelSource {
        guard let provider else { throw .unknownModel(name) }
        // What is here waits for nobody's download.
        if let source = provider.here(name) { return source }
        let place = await FetchPlace(in: places)
        defer { place.leave() }
        guard !Task.isCancelled else { throw .shuttingDown }
        let found = try await provider.locate(name) { place.pause(for: $0) }
        return ModelSource(name: name, directory: found.directory, origin: found.origin)
    }

    /// The files of a configured model that was not here at the start; after a failure, whoever comes next has it tried anew.
    func arrival(of name: String) async throws(EmbeddingError) -> ModelSource {
        let (source, arrival) = state.withLock { state -> (ModelSource?, Arrival?) in
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
            result = .success(try await fetch(name))
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
