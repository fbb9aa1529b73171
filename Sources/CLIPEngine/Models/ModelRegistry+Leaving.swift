internal import Synchronization

/// How models leave memory.
extension ModelRegistry {
    /// Lets go of a model; its memory is free once the requests that have it are finished.
    ///
    /// A load that is under way goes on: a second one beside it would only take more.
    func unload(_ name: String, _ reason: ModelEvent.UnloadReason = .asked) {
        let gone = state.withLock { state in
            let name = state.sameAs[name]?.name ?? name
            return state.shelf.remove(name).map { letGo([$0], of: &state) } ?? []
        }
        tell(of: gone, reason)
    }

    /// Lets go of all models.
    func unloadAll(_ reason: ModelEvent.UnloadReason = .asked) {
        for model in loaded { unload(model.description.name, reason) }
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
            state.retry?.cancel()
            defer { state.roomWaiter = nil }
            return (Array(state.loads.values), state.waiters.takeAll(), state.roomWaiter)
        }
        for load in loads { load.cancel() }
        for waiter in waiters { waiter.continuation.resume(returning: .failure(.shuttingDown)) }
        roomWaiter?.resume()
        unloadAll(.ending)
    }

    /// The models of these tickets, which the registry has no more: each may end with the last reference, which takes time,
    /// and so happens outside of the lock.
    func letGo(_ tickets: [Int], of state: inout State) -> [LoadedModel] {
        let gone = tickets.compactMap { state.models.removeValue(forKey: $0) }
        state.retired += gone.map { ($0.description.name, $0.worker.batcher) }
        state.sameAs = state.sameAs.filter { !tickets.contains($0.value.ticket) }
        return gone
    }

    /// Tells of models that were let go of, and lets go of what labels mean to them.
    func tell(of gone: [LoadedModel], _ reason: ModelEvent.UnloadReason) {
        labelCache.remove(ofLoads: Set(gone.map(\.ticket)))
        for model in gone {
            configuration.onModelEvent(.unloaded(name: model.description.name, reason))
        }
    }
}
