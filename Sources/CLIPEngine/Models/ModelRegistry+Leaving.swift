internal import Synchronization

/// How models leave memory.
extension ModelRegistry {
    /// Unloads a model; its memory is free once the requests that use it are finished.
    ///
    /// A running load goes on, because a second load beside it would only take more memory.
    func unload(_ name: String, _ reason: ModelEvent.UnloadReason = .asked) {
        let gone = state.withLock { state in
            let name = state.sameAs[name]?.name ?? name
            return state.shelf.remove(name).map { letGo([$0], of: &state) } ?? []
        }
        tell(of: gone, reason)
    }

    /// Unloads all models.
    func unloadAll(_ reason: ModelEvent.UnloadReason = .asked) {
        for model in loaded { unload(model.description.name, reason) }
    }

    /// Unloads the models that no request has used for the idle time.
    func unloadIdle() {
        let gone = state.withLock { state in
            letGo(state.shelf.removeIdle(at: configuration.now()), of: &state)
        }
        tell(of: gone, .idle)
    }

    /// How long it takes until a model may have been idle for long enough; nil if none will be.
    var timeUntilIdle: Duration? {
        guard let limit = configuration.idleTimeLimit else { return nil }
        return state.withLock { state in
            state.isClosed ? nil : state.shelf.nextIdle.map { configuration.now().duration(to: $0) } ?? limit
        }
    }

    /// Unloads all models and refuses to load any again.
    func close() {
        fetcher.end()
        let (loads, waiters, roomWaiter) = state.withLock { state in
            state.isClosed = true
            state.retry?.cancel()
            defer { state.roomWaiter = nil }
            return (Array(state.loads.values), state.waiters.takeAll(), state.roomWaiter)
        }
        for load in loads { load.cancel() }
        for waiter in waiters { waiter.continuation.resume(returning: .failure(.shuttingDown)) }
        roomWaiter?.resume()
        unloadAll(.ending)
    }

    /// Removes the models of these tickets and returns them: the last reference may free a model, which takes time, so
    /// it has to be dropped outside of the lock.
    func letGo(_ tickets: [Int], of state: inout State) -> [LoadedModel] {
        let gone = tickets.compactMap { state.models.removeValue(forKey: $0) }
        state.retired += gone.map { ($0.description.name, $0.worker.batcher) }
        state.sameAs = state.sameAs.filter { !tickets.contains($0.value.ticket) }
        return gone
    }

    /// Reports models that were unloaded, and forgets their label directions.
    func tell(of gone: [LoadedModel], _ reason: ModelEvent.UnloadReason) {
        labelCache.remove(ofLoads: Set(gone.map(\.ticket)))
        for model in gone {
            configuration.onModelEvent(.unloaded(name: model.description.name, reason))
        }
    }
}
