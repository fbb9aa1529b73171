/// Which models are in memory, and which are on their way in or out: decides, and does nothing itself.
///
/// Every load has a ticket, a number that its model keeps as long as it is in memory. Bytes count from when a load knows how
/// many it takes until they are free again, which may be long after the model was let go of: requests keep theirs.
package struct ModelShelf: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// What bounds it.
    package struct Limits: Equatable, Sendable {
        /// Most bytes of all models; nil for any number.
        package var memory: Int?
        /// Time after which a model leaves that nobody asks for; nil for never.
        package var idleTime: Duration?
        /// Time for which a load that failed is not tried again.
        package var holdOff: Duration
        /// The longest such time where each failure in a row doubles it: what comes corrupt comes whole each time.
        package var longestHoldOff: Duration
        /// Most loads under way that may have to fetch.
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

    /// What somebody who wants a model has to do.
    package enum Step: Equatable, Sendable {
        /// Use it, and give it back.
        case use(ticket: Int)
        /// Wait for a load that is under way.
        case wait(ticket: Int)
        /// Begin a load, and wait for it.
        case load(ticket: Int)
        /// Go without.
        case refuse(EmbeddingError)
    }

    /// What a load has to do that knows how many bytes it takes.
    package enum Room: Equatable, Sendable {
        /// Go on: they are counted.
        case granted
        /// Let go of these models, and ask again once one has ended.
        case waits(leaving: [Int])
        /// Fail.
        case refused(EmbeddingError)
    }

    private struct Item {
        let ticket: Int
        let byteCount: Int
        /// Requests that have it.
        var borrowers: Int
        var lastUse: Instant
    }

    private struct Load {
        let ticket: Int
        var byteCount = 0
        /// Whether it counts among those that may have to fetch.
        var mayFetch: Bool
    }

    private enum Place {
        case coming(Load)
        case here(Item)
    }

    /// What the last load of a model came to that is not there.
    private struct Failure {
        let error: EmbeddingError
        /// How many there were in a row.
        let count: Int
        let time: Instant
        /// Until then it is told to others, and nothing is tried.
        let end: Instant
        /// Until then it counts among those in a row.
        let memory: Instant
    }

    private let limits: Limits
    /// The model that only leaves when somebody asks for that, or nobody for it.
    private let pinned: String
    private var pinnedByteCount = 0
    private var places: [String: Place] = [:]
    private var failures: [String: Failure] = [:]
    /// Bytes of models that were let go of, by ticket, until their memory is free.
    private var leaving: [Int: Int] = [:]
    private var lastTicket = 0

    /// An empty one.
    ///
    /// - Parameter pinned: the default model, for which there has to be room beside any other.
    package init(limits: Limits, pinned: String) {
        self.limits = limits
        self.pinned = pinned
    }

    /// Bytes of all models that are in memory or have been promised room.
    package var byteCount: Int {
        places.values.reduce(leaving.values.reduce(0, +)) { sum, place in
            switch place {
            case .coming(let load): sum + load.byteCount
            case .here(let item): sum + item.byteCount
            }
        }
    }

    /// The tickets of the models that answer, by name.
    package var tickets: [String: Int] {
        places.compactMapValues { if case .here(let item) = $0 { item.ticket } else { nil } }
    }

    /// The names of the models that are on their way.
    package var coming: Set<String> {
        Set(places.filter { if case .coming = $0.value { true } else { false } }.keys)
    }

    // MARK: Requests

    /// Somebody wants a model.
    ///
    /// - Parameters:
    ///   - triesAnew: whether to begin a load although one has failed just now, as an operator may want it.
    ///   - passes: whether it is none of those of which only so many may fetch: it is the operator's, or its files are here.
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

    /// How many loads are under way that may have to fetch.
    private var fetchCount: Int {
        places.values.count(where: { if case .coming(let load) = $0 { load.mayFetch } else { false } })
    }

    /// Somebody uses a model that is there, and gives it back; nil where it is not.
    package mutating func use(_ name: String, at now: Instant) -> Int? {
        guard case .here(var item)? = places[name] else { return nil }
        item.borrowers += 1
        item.lastUse = now
        places[name] = .here(item)
        return item.ticket
    }

    /// A request is done with the model that it was given.
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

    /// The files of a load's model are on this machine.
    package mutating func found(_ name: String, ticket: Int) {
        guard var load = comingLoad(name, ticket) else { return }
        load.mayFetch = false
        places[name] = .coming(load)
    }

    /// A load ends without a model of its own: that of another name is the same.
    package mutating func withdraw(_ name: String, ticket: Int) {
        guard comingLoad(name, ticket) != nil else { return }
        (places[name], failures[name]) = (nil, nil)
    }

    /// A load knows how many bytes its model will take.
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
                // What leaves already does so anyway.
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

    /// A load has come to its end, and so many requests that waited have the model now.
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

    /// A load has failed, which others are told for a while: as long as whoever has the files wants to be left alone, if it says,
    /// and twice as long as before where what came was corrupt.
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

    /// Whether the default model is not there since it could not be had, which is so until a load of it has ended well.
    package var lacksPinned: Bool { failures[pinned] != nil }

    /// When the default model should be tried again by itself that could not be had, less and less often; nil where it is there or
    /// on its way.
    package var nextTry: Instant? {
        guard places[pinned] == nil, let failure = failures[pinned] else { return nil }
        return max(failure.end, failure.time + limits.holdOff * min(failure.count, 6))
    }

    /// Which of the configured models are loaded at start, by their places: the first ones that there is room for.
    ///
    /// The others come when a request names them.
    ///
    /// - Throws: `modelTooLarge` for one that there never is room for.
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

    /// Somebody wants a model to leave.
    ///
    /// - Returns: its ticket; nil where it is not there, or only on its way.
    package mutating func remove(_ name: String) -> Int? {
        guard case .here(let item)? = places[name] else { return nil }
        letGo(name, item)
        return item.ticket
    }

    /// Those leave that nobody has asked for lately, and that no request has.
    package mutating func removeIdle(at now: Instant) -> [Int] {
        guard let idleTime = limits.idleTime else { return [] }
        let idle = leastUsed(withPinned: true).filter { _, item in
            item.borrowers == 0 && item.lastUse.duration(to: now) >= idleTime
        }
        for (name, item) in idle { letGo(name, item) }
        return idle.map(\.item.ticket)
    }

    /// When the next one will have been idle for long enough, if nobody asks for it; nil where none will.
    package var nextIdle: Instant? {
        guard let idleTime = limits.idleTime else { return nil }
        return leastUsed(withPinned: true).first { $0.item.borrowers == 0 }.map { $0.item.lastUse + idleTime }
    }

    /// The memory of a model that was let go of is free.
    package mutating func ended(ticket: Int) {
        leaving[ticket] = nil
    }

    private mutating func letGo(_ name: String, _ item: Item) {
        leaving[item.ticket] = item.byteCount
        places[name] = nil
    }

    /// The models that may have to make room: those that no request has first, then those not used for longest.
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

    /// Failures are told for a while, and take memory for no longer: names may be anybody's.
    private mutating func forgetFailures(at now: Instant) {
        failures = failures.filter { name, failure in name == pinned || failure.memory > now }
    }

    /// Whole seconds, rounded up, one at least.
    private static func whole(_ duration: Duration) -> Int {
        Int(max(1, (duration / .seconds(1)).rounded(.up)))
    }
}
