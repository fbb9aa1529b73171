internal import Synchronization

/// A cache of label directions for all models together, which also knows the ones that are being computed.
///
/// Requests that need one set at the same time share one computation. One request's failure fails no other: a request
/// that waited for one that failed, or whose client left, computes the set itself. If another client's request takes
/// long, because that client's other requests may come first, one of the waiting requests computes the set and the
/// others wait for that one.
package final class LabelCache: Sendable {
    /// A label set for one model.
    package struct Key: Hashable, Sendable {
        /// The number of the model's load.
        let ticket: Int
        let contents: ContentHash

        package init(ticket: Int, contents: ContentHash) {
            (self.ticket, self.contents) = (ticket, contents)
        }
    }

    private struct Flight {
        let number: Int
        let client: String?
        let start: ContinuousClock.Instant
        var waiters: [Int: CheckedContinuation<EmbeddingTable?, Never>] = [:]
    }

    private struct State {
        var kept: RecentlyUsed<Key, EmbeddingTable>
        var flights: [Key: Flight] = [:]
        var nextNumber = 0
        var hits = 0
        var misses = 0
        var shared = 0

        mutating func number() -> Int {
            nextNumber += 1
            return nextNumber
        }
    }

    private enum Claim {
        case known(EmbeddingTable)
        /// No other request computes the set; this number is the claim of the request that asked.
        case own(Int)
        /// Another request computes the set; it is waited for until this time, or, if nil, for as long as it takes.
        case elsewhere(until: ContinuousClock.Instant?)
    }

    private let state: Mutex<State>
    private let isOn: Bool
    private let patience: Duration
    /// The key that contents are hashed with.
    let hashKey = ContentHash.Key.random()

    /// A cache of at most `limit` bytes; with a limit of 0, nothing is kept or shared.
    ///
    /// - Parameter patience: how long another client's request may take for a set; ten thousand labels take about ten
    ///   seconds.
    package init(limit: Int, patience: Duration = .seconds(10)) {
        state = Mutex(State(kept: RecentlyUsed(limit: limit)))
        isOn = limit > 0
        self.patience = patience
    }

    /// How many sets are cached.
    package var count: Int { state.withLock { $0.kept.count } }
    /// The bytes that they take.
    package var byteCount: Int { state.withLock { $0.kept.byteCount } }
    /// How it has been used, a request counted once.
    package var statistics: CacheStatistics {
        state.withLock { state in
            CacheStatistics(
                hits: state.hits,
                misses: state.misses,
                shared: state.shared,
                entries: state.kept.count,
                byteCount: state.kept.byteCount,
                limit: state.kept.limit
            )
        }
    }
    /// How many requests wait for another's set.
    package var waiterCount: Int { state.withLock { $0.flights.values.reduce(0) { $0 + $1.waiters.count } } }

    /// Forgets the cached sets; running computations go on.
    package func removeAll() {
        state.withLock { $0.kept.removeAll() }
    }

    /// Forgets the directions of models that are no longer in memory.
    package func remove(ofLoads tickets: Set<Int>) {
        guard !tickets.isEmpty else { return }
        state.withLock { $0.kept.removeAll { tickets.contains($0.ticket) } }
    }

    /// The directions of a set, one row a label.
    ///
    /// - Parameters:
    ///   - client: the sender.
    ///   - compute: computes the directions if they are not in the cache.
    package func directions(
        for key: Key,
        client: String? = nil,
        compute: () async throws(EmbeddingError) -> EmbeddingTable
    ) async throws(EmbeddingError) -> EmbeddingTable {
        guard isOn else { return try await compute() }
        var isCounted = false
        while true {
            defer { isCounted = true }
            switch claim(key, client: client, isCounted: isCounted) {
            case .known(let table): return table
            case .own(let number):
                do throws(EmbeddingError) {
                    let table = try await compute()
                    settle(key, number, table)
                    return table
                } catch {
                    settle(key, number, nil)
                    throw error
                }
            case .elsewhere(let end):
                // A set whose computation fails elsewhere, or takes too long, is claimed in the next round.
                if let table = await wait(for: key, until: end) { return table }
                guard !Task.isCancelled else { throw .cancelled }
            }
        }
    }

    /// The directions of a set that is kept, which counts as a use; nil if it is not, which counts as nothing.
    package func kept(_ key: Key) -> EmbeddingTable? {
        state.withLock { state in
            guard let table = state.kept.value(of: key) else { return nil }
            state.hits += 1
            return table
        }
    }

    private func claim(_ key: Key, client: String?, isCounted: Bool) -> Claim {
        state.withLock { state in
            let once = isCounted ? 0 : 1
            if let table = state.kept.value(of: key) {
                state.hits += once
                return .known(table)
            }
            let flight = state.flights[key]
            if let flight, flight.client == client || ContinuousClock.now < flight.start + patience {
                state.shared += once
                return .elsewhere(until: flight.client == client ? nil : flight.start + patience)
            }
            state.misses += once
            let number = state.number()
            state.flights[key] = Flight(
                number: number,
                client: client,
                start: .now,
                waiters: flight?.waiters ?? [:]
            )
            return .own(number)
        }
    }

    /// Caches the directions, ends this request's own computation, and answers the requests that wait; without
    /// directions they look again.
    private func settle(_ key: Key, _ number: Int, _ table: EmbeddingTable?) {
        let waiters = state.withLock { state -> [CheckedContinuation<EmbeddingTable?, Never>] in
            if let table {
                state.kept.insert(table, for: key, byteCount: table.byteCount + Self.bookkeeping)
            }
            let isOwn = state.flights[key]?.number == number
            guard isOwn || table != nil else { return [] }
            let waiters = state.flights[key]?.waiters ?? [:]
            if isOwn { state.flights[key] = nil } else { state.flights[key]?.waiters = [:] }
            return Array(waiters.values)
        }
        for waiter in waiters { waiter.resume(returning: table) }
    }

    /// The result of another request's computation; nil if that fails, if this task is cancelled, or if it takes too
    /// long.
    private func wait(for key: Key, until end: ContinuousClock.Instant?) async -> EmbeddingTable? {
        let waiter = state.withLock { $0.number() }
        let timer = end.map { end in
            Task {
                try? await Task.sleep(until: end)
                if !Task.isCancelled { giveUp(waiter, for: key) }
            }
        }
        defer { timer?.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: EmbeddingTable?? = state.withLock { state in
                    // The timer of a wait that is over may have fired already, and would not find this continuation.
                    guard state.flights[key] != nil, !Task.isCancelled,
                        end.map({ ContinuousClock.now < $0 }) ?? true
                    else {
                        return .some(state.kept.value(of: key))
                    }
                    state.flights[key]?.waiters[waiter] = continuation
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            giveUp(waiter, for: key)
        }
    }

    private func giveUp(_ waiter: Int, for key: Key) {
        let continuation = state.withLock { $0.flights[key]?.waiters.removeValue(forKey: waiter) }
        continuation?.resume(returning: nil)
    }

    /// Bytes of an entry besides its numbers: the key, the list's links, a slot of the dictionary, an array's header.
    private static let bookkeeping = 160
}
