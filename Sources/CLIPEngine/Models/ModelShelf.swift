/// Decides which models are in memory and which are loaded or unloaded next; it does none of this itself.
///
/// Every load has a ticket, a number that its model keeps while it is in memory. A model's bytes count from the moment
/// when its load knows them until they are free again, which may be long after the model was unloaded, because requests
/// keep their model.
package struct ModelShelf: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// The limits of the shelf.
    package struct Limits: Equatable, Sendable {
        /// The limit in bytes of all models; nil for none.
        package var memory: Int?
        /// How long a model may be unused before it is unloaded; nil for any time.
        package var idleTime: Duration?
        /// How long a failed load is not tried again.
        package var holdOff: Duration
        /// The longest such time for corrupt files, for which each failure in a row doubles it, because every try
        /// fetches all files again.
        package var longestHoldOff: Duration
        /// The largest number of running loads that may have to fetch.
        package var mostFetching: Int

        package init(
            memory: Int? = nil,
            idleTime: Duration? = nil,
            holdOff: Duration = .seconds(10),
            longestHoldOff: Duration = .seconds(600),
            mostFetching: Int = 32
        ) {
            self.memory = memory
            self.idleTime = idleTime
            self.holdOff = holdOff
            self.longestHoldOff = longestHoldOff
            self.mostFetching = mostFetching
        }
    }

    /// What a request for a model has to do.
    package enum Step: Equatable, Sendable {
        /// Use it, and give it back.
        case use(ticket: Int)
        /// Wait for a load that is under way.
        case wait(ticket: Int)
        /// Begin a load, and wait for it.
        case load(ticket: Int)
        /// Fail.
        case refuse(EmbeddingError)
    }

    /// What a load has to do once it knows its model's bytes.
    package enum Room: Equatable, Sendable {
        /// Go on: the bytes are reserved.
        case granted
        /// Unload these models, and ask again once one of them has ended.
        case waits(leaving: [Int])
        /// Fail.
        case refused(EmbeddingError)
    }

    private struct Item {
        let ticket: Int
        let byteCount: Int
        /// The number of requests that use it.
        var borrowers: Int
        var lastUse: Instant
    }

    private struct Load {
        let ticket: Int
        var byteCount = 0
        /// Whether it counts among the loads that may have to fetch.
        var mayFetch: Bool
    }

    private enum Place {
        case coming(Load)
        case here(Item)
    }

    /// The last failed load of a model that is not in memory.
    private struct Failure {
        let error: EmbeddingError
        /// The number of failures in a row.
        let count: Int
        let time: Instant
        /// Until this time the failure is the answer to requests, and no load is tried.
        let end: Instant
        /// Until this time the failure counts as one of those in a row.
        let memory: Instant
    }

    private let limits: Limits
    /// The default model, which is never unloaded to make room.
    private let pinned: String
    private var pinnedByteCount = 0
    private var places: [String: Place] = [:]
    private var failures: [String: Failure] = [:]
    /// The bytes of models that were unloaded, by ticket, until their memory is free.
    private var leaving: [Int: Int] = [:]
    private var lastTicket = 0

    /// An empty shelf.
    ///
    /// - Parameter pinned: the default model, for which there must be room beside any other.
    package init(limits: Limits, pinned: String) {
        self.limits = limits
        self.pinned = pinned
    }

    /// The bytes of all models that are in memory or have reserved room.
    package var byteCount: Int {
        places.values.reduce(leaving.values.reduce(0, +)) { sum, place in
            switch place {
            case .coming(let load): sum + load.byteCount
            case .here(let item): sum + item.byteCount
            }
        }
    }

    /// The tickets of the models in memory, by name.
    package var tickets: [String: Int] {
        places.compactMapValues { if case .here(let item) = $0 { item.ticket } else { nil } }
    }

    /// The names of the models that are being loaded.
    package var coming: Set<String> {
        Set(places.filter { if case .coming = $0.value { true } else { false } }.keys)
    }

    // MARK: Requests

    /// Handles a request for a model.
    ///
    /// - Parameters:
    ///   - triesAnew: whether to begin a load although one has just failed, as an operator may ask.
    ///   - passes: whether the limit of fetches does not apply, because the model is configured or its files are on this
    ///     machine.
    package mutating func ask(
        for name: String,
        at now: Instant,
        triesAnew: Bool = false,
        passes: Bool = false
    ) -> Step {
        if let ticket = use(name, at: now) { return .use(ticket: ticket) }
        forgetFailures(at: now)
        if case .coming(let load)? = places[name] { return .wait(ticket: load.ticket) }
        if !triesAnew, let failure = failures[name], failure.end > now {
            return .refuse(
                .heldOff(failure.error, retryAfterSeconds: Self.whole(now.duration(to: failure.end)))
            )
        }
        guard passes || fetchCount < limits.mostFetching else {
            return .refuse(
                .tooManyLoads(limit: limits.mostFetching, retryAfterSeconds: Self.whole(limits.holdOff))
            )
        }
        lastTicket += 1
        places[name] = .coming(Load(ticket: lastTicket, mayFetch: !passes))
        return .load(ticket: lastTicket)
    }

    /// The number of running loads that may have to fetch.
    private var fetchCount: Int {
        places.values.count(where: { if case .coming(let load) = $0 { load.mayFetch } else { false } })
    }

    /// Begins a use of a model in memory, which has to be given back; nil if it is not in memory.
    package mutating func use(_ name: String, at now: Instant) -> Int? {
        guard case .here(var item)? = places[name] else { return nil }
        item.borrowers += 1
        item.lastUse = now
        places[name] = .here(item)
        return item.ticket
    }

    /// Ends a use of a model.
    package mutating func giveBack(_ name: String, ticket: Int, at now: Instant) {
        guard case .here(var item)? = places[name], item.ticket == ticket else { return }
        item.borrowers -= 1
        item.lastUse = now
        places[name] = .here(item)
    }

    // MARK: Loads

    private func comingLoad(_ name: String, _ ticket: Int) -> Load? {
        guard case .coming(let load)? = places[name], load.ticket == ticket else { return nil }
        return load
    }

    /// Notes that all files of a load's model are on this machine.
    package mutating func found(_ name: String, ticket: Int) {
        guard var load = comingLoad(name, ticket) else { return }
        load.mayFetch = false
        places[name] = .coming(load)
    }

    /// Ends a load without a model of its own, because a model of another name is the same.
    package mutating func withdraw(_ name: String, ticket: Int) {
        guard comingLoad(name, ticket) != nil else { return }
        (places[name], failures[name]) = (nil, nil)
    }

    /// Reserves the bytes of a load's model, now that they are known.
    package mutating func reserve(_ byteCount: Int, for name: String, ticket: Int) -> Room {
        guard var load = comingLoad(name, ticket) else { return .refused(.shuttingDown) }
        if name == pinned { pinnedByteCount = byteCount }
        if let limit = limits.memory {
            let beside = name == pinned ? 0 : pinnedByteCount
            guard byteCount <= limit - beside else {
                return .refused(
                    .modelTooLarge(name: name, bytes: byteCount, beside: beside, limit: limit)
                )
            }
            var excess = self.byteCount + byteCount - limit
            if excess > 0 {
                // Models that are being unloaded already will free their bytes.
                excess -= leaving.values.reduce(0, +)
                var chosen: [Int] = []
                for (name, item) in leastUsed where excess > 0 {
                    chosen.append(item.ticket)
                    excess -= item.byteCount
                    letGo(name, item)
                }
                return .waits(leaving: chosen)
            }
        }
        load.byteCount = byteCount
        places[name] = .coming(load)
        return .granted
    }

    /// Ends a load with success; so many waiting requests use the model now.
    package mutating func loaded(
        _ name: String,
        ticket: Int,
        byteCount: Int,
        borrowers: Int,
        at now: Instant
    ) {
        guard comingLoad(name, ticket) != nil else { return }
        places[name] = .here(Item(ticket: ticket, byteCount: byteCount, borrowers: borrowers, lastUse: now))
        failures[name] = nil
    }

    /// Ends a load with a failure, which answers requests for a while: for as long as the source of models asks, if it
    /// does, and, if the files were corrupt, for twice as long as before.
    package mutating func failed(
        _ name: String,
        ticket: Int,
        with error: EmbeddingError,
        at now: Instant
    ) {
        guard comingLoad(name, ticket) != nil else { return }
        places[name] = nil
        let count = (failures[name]?.count ?? 0) + 1
        let pause =
            error.isCorruption
            ? min(limits.holdOff * (1 << min(count - 1, 20)), limits.longestHoldOff)
            : max(limits.holdOff, error.wantedPause ?? .zero)
        failures[name] = Failure(
            error: error,
            count: count,
            time: now,
            end: now + pause,
            memory: now + pause + (error.isCorruption ? limits.longestHoldOff : .zero)
        )
    }

    /// Whether the last load of the default model failed.
    package var lacksPinned: Bool { failures[pinned] != nil }

    /// When the engine tries again to load a default model that could not be loaded, at growing intervals; nil if it is
    /// in memory or being loaded.
    package var nextTry: Instant? {
        guard places[pinned] == nil, let failure = failures[pinned] else { return nil }
        return max(failure.end, failure.time + limits.holdOff * min(failure.count, 6))
    }

    /// The configured models that are loaded at start, by their indexes: those that there is room for, in their order.
    ///
    /// The others are loaded when a request names them.
    ///
    /// - Throws: `modelTooLarge` for a model that never fits.
    package static func chosenAtStart(
        of models: [(name: String, byteCount: Int)],
        limit: Int?
    ) throws(EmbeddingError) -> [Int] {
        guard let limit, let first = models.first else { return Array(models.indices) }
        var chosen: [Int] = []
        var sum = 0
        for (index, model) in models.enumerated() {
            let beside = index == 0 ? 0 : first.byteCount
            guard model.byteCount <= limit - beside else {
                throw .modelTooLarge(
                    name: model.name,
                    bytes: model.byteCount,
                    beside: beside,
                    limit: limit
                )
            }
            guard model.byteCount <= limit - sum else { continue }
            chosen.append(index)
            sum += model.byteCount
        }
        return chosen
    }

    // MARK: Leaving

    /// Unloads a model.
    ///
    /// - Returns: its ticket; nil if it is not in memory, or is still being loaded.
    package mutating func remove(_ name: String) -> Int? {
        guard case .here(let item)? = places[name] else { return nil }
        letGo(name, item)
        return item.ticket
    }

    /// Unloads the models that no request uses or has used for the idle time, and returns their tickets.
    package mutating func removeIdle(at now: Instant) -> [Int] {
        guard let idleTime = limits.idleTime else { return [] }
        let idle = leastUsed(withPinned: true).filter { _, item in
            item.borrowers == 0 && item.lastUse.duration(to: now) >= idleTime
        }
        for (name, item) in idle { letGo(name, item) }
        return idle.map(\.item.ticket)
    }

    /// When the next model will have been idle for long enough; nil if none will.
    package var nextIdle: Instant? {
        guard let idleTime = limits.idleTime else { return nil }
        return leastUsed(withPinned: true).first { $0.item.borrowers == 0 }.map { $0.item.lastUse + idleTime }
    }

    /// Notes that the memory of an unloaded model is free.
    package mutating func ended(ticket: Int) {
        leaving[ticket] = nil
    }

    private mutating func letGo(_ name: String, _ item: Item) {
        leaving[item.ticket] = item.byteCount
        places[name] = nil
    }

    /// The models in the order in which they make room: first those that no request uses, and among these, those not
    /// used for longest.
    private var leastUsed: [(name: String, item: Item)] { leastUsed(withPinned: false) }

    private func leastUsed(withPinned: Bool) -> [(name: String, item: Item)] {
        places.compactMap { name, place -> (name: String, item: Item)? in
            guard case .here(let item) = place, withPinned || name != pinned else { return nil }
            return (name, item)
        }.sorted { first, second in
            let (one, other) = (first.item, second.item)
            if (one.borrowers == 0) != (other.borrowers == 0) { return one.borrowers == 0 }
            return (one.lastUse, one.ticket) < (other.lastUse, other.ticket)
        }
    }

    /// Forgets old failures, which would take memory without limit, because clients choose the names.
    private mutating func forgetFailures(at now: Instant) {
        failures = failures.filter { name, failure in name == pinned || failure.memory > now }
    }

    /// Whole seconds, rounded up, at least one.
    private static func whole(_ duration: Duration) -> Int {
        Int(max(1, (duration / .seconds(1)).rounded(.up)))
    }
}
