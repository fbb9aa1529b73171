internal import Synchronization

/// How models come into memory.
extension ModelRegistry {
    /// Fetches the configured models that are not on this machine, and loads all that there is room for; the others are
    /// loaded when a request names them.
    ///
    /// Requests come meanwhile, and may already have begun some of these loads.
    func start() async throws(EmbeddingError) {
        if configuration.loadsAtStart { try await loadConfigured() }
        state.withLock { $0.hasStarted = true }
    }

    private func loadConfigured() async throws(EmbeddingError) {
        var sources: [ModelSource] = []
        for model in configuration.models { sources.append(try await fetcher.arrival(of: model)) }
        var chosen = Array(sources.indices)
        if let limit = configuration.modelMemory {
            var sizes: [(name: String, byteCount: Int)] = []
            for source in sources {
                sizes.append((source.name, await loader.byteCount(of: source) ?? 0))
            }
            chosen = try ModelShelf.chosenAtStart(of: sizes, limit: limit)
        }
        for index in chosen {
            giveBack(try await model(named: sources[index].name, triesAnew: true, isStart: true).model)
        }
    }

    /// Fetches a model's files if need be, waits for room, loads the model, and answers the requests that wait.
    func bring(_ name: String, ticket: Int) async {
        let source: ModelSource
        do throws(EmbeddingError) {
            if let configured = names.sources[name] {
                source = try await fetcher.arrival(of: configured)
            } else {
                source = try await fetcher.fetch(name)
            }
        } catch {
            return finish(name, ticket: ticket, with: .failure(error))
        }
        state.withLock { $0.shelf.found(name, ticket: ticket) }
        await loading.enter()
        // The next load begins when this one has its room, or has given it back.
        defer { loading.leave() }
        if share(source, ticket: ticket) { return }
        do throws(EmbeddingError) {
            try await makeRoom(for: source, ticket: ticket)
            let isBeside = state.withLock { !$0.models.isEmpty }
            let model = try await loader.load(source, isBeside: isBeside, ticket: ticket) { [weak self] in
                self?.ended(ticket)
            }
            finish(name, ticket: ticket, with: .success(model))
        } catch {
            fetcher.forget(source)
            finish(name, ticket: ticket, with: .failure(error))
        }
    }

    /// Answers the requests that wait for a model with a model of another name, if that one was loaded from the same
    /// copy of a repository: a repository can have former names and other spellings, and so can known models.
    ///
    /// Configured models are always loaded under their own names.
    private func share(_ source: ModelSource, ticket: Int) -> Bool {
        guard source.origin?.revision != nil, names.sources[source.name] == nil else { return false }
        let shared = state.withLock { state -> (LoadedModel, [ModelWaiters.Waiter])? in
            let same = state.models.values.first { model in
                let other = model.description.source
                return (other.origin, other.directory) == (source.origin, source.directory)
            }
            guard let same, !state.isClosed else { return nil }
            state.loads[ticket] = nil
            state.shelf.withdraw(source.name, ticket: ticket)
            // This is only a short cut, and clients choose the names, so the table has a limit.
            if state.sameAs.count >= Self.mostNames { state.sameAs = [:] }
            state.sameAs[source.name] = (same.description.name, same.ticket)
            state.perceptionEncoders[source.name] = same.description.isPerceptionEncoder
            let waiters = state.waiters.take(ticket: ticket)
            for _ in waiters { _ = state.shelf.use(same.description.name, at: configuration.now()) }
            return (same, waiters)
        }
        guard let (model, waiters) = shared else { return false }
        for waiter in waiters { waiter.continuation.resume(returning: .success((model, false))) }
        return true
    }

    private static var mostNames: Int { 256 }

    /// Waits until there is room for a model, and unloads other models for it.
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

    /// Waits until the memory of a model has become free, or until the reservation of a failed load has.
    ///
    /// - Parameter gone: the models that were unloaded; these are the last references to them.
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
            state -> ([ModelWaiters.Waiter]?, CheckedContinuation<Void, Never>?) in
            state.loads[ticket] = nil
            // The requests that waited have been answered.
            guard !state.isClosed else { return (nil, nil) }
            var roomWaiter: CheckedContinuation<Void, Never>?
            let waiters = state.waiters.take(ticket: ticket)
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
                planRetry(&state)
            }
            return (waiters, roomWaiter)
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

    // MARK: The default model

    /// Tries again to load a default model that could not be loaded: a server that is not ready gets no requests that
    /// would cause it.
    private func planRetry(_ state: inout State) {
        guard state.hasStarted, let next = state.shelf.nextTry else { return }
        let pause = configuration.now().duration(to: next)
        state.retry?.cancel()
        state.retry = Task { [weak self] in
            try? await Task.sleep(for: pause)
            if !Task.isCancelled { self?.bringBackDefault() }
        }
    }

    /// Begins a load of the default model, if the last one failed long enough ago.
    func bringBackDefault() {
        let name = configuration.models[0].name
        let now = configuration.now()
        state.withLock { state in
            guard !state.isClosed, let next = state.shelf.nextTry, next <= now,
                case .load(let ticket) = state.shelf.ask(for: name, at: now, passes: true)
            else { return }
            state.loads[ticket] = Task { await self.bring(name, ticket: ticket) }
        }
    }
}
