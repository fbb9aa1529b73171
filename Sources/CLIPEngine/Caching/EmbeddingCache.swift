internal import CoreMetrics
internal import Synchronization

/// Embeddings that were computed before, and those that are being computed, by what they are of.
///
/// A key that is known is answered at once. One that another request is computing is waited for: captions repeat most when
/// many clients ask at once. What a list computes is not waited for by others, whom it lets overtake. Only what is left is
/// computed. A failure is nobody else's: whoever waited for a request that failed, or whose client left, computes for itself.
/// So does who has waited for another client's for a while, behind whose other requests it may be.
package final class EmbeddingCache<Key: Hashable & Sendable>: Sendable {
    private struct Flight {
        /// Whether a list computes it, which may take a while.
        let isOfList: Bool
        let client: String?
        var waiters: [Int: CheckedContinuation<Embedding?, Never>] = [:]
    }

    /// How items were found.
    private struct Finds {
        var hits = 0
        var misses = 0
        var shared = 0
    }

    private struct State {
        var kept: RecentlyUsed<Key, Embedding>
        var flights: [Key: Flight] = [:]
        var nextWaiter = 0
        var finds = Finds()
    }

    private let state: Mutex<State>
    /// Bytes of a key.
    private let size: @Sendable (Key) -> Int
    private let isOn: Bool
    private let metrics: EngineMetrics.Side?

    /// A cache of at most `limit` bytes, keys and bookkeeping included; nothing is kept or shared with a limit of 0.
    package init(
        limit: Int,
        metrics: EngineMetrics.Side? = nil,
        sizeOfKey size: @escaping @Sendable (Key) -> Int
    ) {
        self.metrics = metrics
        state = Mutex(State(kept: RecentlyUsed(limit: limit)))
        self.size = size
        isOn = limit > 0
    }

    /// How it has been used.
    package var statistics: CacheStatistics {
        state.withLock { state in
            CacheStatistics(
                hits: state.finds.hits,
                misses: state.finds.misses,
                shared: state.finds.shared,
                entries: state.kept.count,
                byteCount: state.kept.byteCount,
                limit: state.kept.limit
            )
        }
    }

    /// Forgets what is kept; what is being computed goes on.
    package func removeAll() {
        state.withLock { $0.kept.removeAll() }
    }

    /// An embedding that is kept; nil where there is none, or none are kept.
    ///
    /// It counts as used once it is handed in as found.
    package func known(_ key: Key) -> Embedding? {
        guard isOn else { return nil }
        return state.withLock { $0.kept.value(of: key) }
    }

    /// The embeddings of keys, in their order, and what computing those that were missing took.
    ///
    /// - Parameters:
    ///   - found: those that the caller knows already.
    ///   - isOfList: whether the keys are part of a list, which others may overtake.
    ///   - client: who asks.
    ///   - compute: the embeddings of some of the keys, by their indexes, each different from the others.
    package func embeddings(
        for keys: [Key],
        found: [Key: Embedding] = [:],
        isOfList: Bool = false,
        client: String? = nil,
        compute: ([Int]) async throws(EmbeddingError) -> Batcher.Outcome
    ) async throws(EmbeddingError) -> Batcher.Outcome {
        guard isOn else { return try await compute(Array(keys.indices)) }
        if !found.isEmpty {
            state.withLock { $0.finds.hits += found.count }
            metrics?.hits.increment(by: Int64(found.count))
        }
        var found = found
        var outcome = Batcher.Outcome(embeddings: [], queue: .zero, forward: .zero)
        let patience = ContinuousClock.now + Self.patience
        while true {
            let (missing, own, elsewhere) = claim(
                keys,
                isOfList: isOfList,
                client: client,
                isPatient: ContinuousClock.now < patience,
                found: &found
            )
            if !missing.isEmpty {
                do throws(EmbeddingError) {
                    outcome = try await compute(missing)
                } catch {
                    settle(own.map { (keys[$0], nil) }, own: own.map { keys[$0] })
                    throw error
                }
                settle(
                    zip(missing, outcome.embeddings).map { (keys[$0], $1) },
                    own: own.map { keys[$0] }
                )
                for (index, embedding) in zip(missing, outcome.embeddings) { found[keys[index]] = embedding }
            }
            // What fails elsewhere is claimed in the next round.
            for key in elsewhere { found[key] = await wait(for: key, as: client, until: patience) }
            guard !Task.isCancelled else { throw .cancelled }
            if elsewhere.allSatisfy({ found[$0] != nil }) { break }
        }
        return Batcher.Outcome(
            embeddings: keys.compactMap { found[$0] },
            queue: outcome.queue,
            forward: outcome.forward
        )
    }

    /// Looks all keys up at once; those that nobody computes become this request's own.
    ///
    /// What is missing is more than that where a list computes some of it: that is not waited for.
    ///
    /// - Parameter isPatient: whether what other clients' requests compute is waited for.
    private func claim(
        _ keys: [Key],
        isOfList: Bool,
        client: String?,
        isPatient: Bool,
        found: inout [Key: Embedding]
    ) -> (missing: [Int], own: Set<Int>, elsewhere: [Key]) {
        let (claim, finds) = state.withLock { state in
            var finds = Finds()
            var missing: [Int] = []
            var own: Set<Int> = []
            var elsewhere: [Key] = []
            var claimed: Set<Key> = []
            for (index, key) in keys.enumerated() where found[key] == nil {
                if let embedding = state.kept.value(of: key) {
                    finds.hits += 1
                    found[key] = embedding
                } else if claimed.contains(key) {
                    finds.shared += 1
                } else if let flight = state.flights[key], isOfList || !flight.isOfList,
                    isPatient || flight.client == client
                {
                    finds.shared += 1
                    elsewhere.append(key)
                } else {
                    finds.misses += 1
                    claimed.insert(key)
                    missing.append(index)
                    // Who has lost patience computes for the others who wait, and for whoever comes; whichever comes first ends
                    // the wait.
                    let waiters = state.flights[key]?.waiters ?? [:]
                    if state.flights[key] == nil || !isPatient && !isOfList {
                        state.flights[key] = Flight(isOfList: isOfList, client: client, waiters: waiters)
                        own.insert(index)
                    }
                }
            }
            state.finds.hits += finds.hits
            state.finds.misses += finds.misses
            state.finds.shared += finds.shared
            return ((missing, own, elsewhere), finds)
        }
        tell(finds)
        return claim
    }

    private func tell(_ finds: Finds) {
        guard let metrics else { return }
        if finds.hits > 0 { metrics.hits.increment(by: Int64(finds.hits)) }
        if finds.misses > 0 { metrics.misses.increment(by: Int64(finds.misses)) }
        if finds.shared > 0 { metrics.shared.increment(by: Int64(finds.shared)) }
    }

    /// Keeps what was computed, ends this request's own computations, and tells those who wait for them; without an
    /// embedding they have to look again.
    private func settle(_ results: [(key: Key, embedding: Embedding?)], own: [Key]) {
        let own = Set(own)
        let waiters = state.withLock { state in
            results.flatMap { key, embedding -> [(CheckedContinuation<Embedding?, Never>, Embedding?)] in
                if let embedding {
                    let bytes =
                        embedding.values.count * MemoryLayout<Float>.size + size(key) + Self.bookkeeping
                    state.kept.insert(embedding, for: key, byteCount: bytes)
                }
                let waiters = state.flights[key]?.waiters ?? [:]
                if own.contains(key) {
                    state.flights[key] = nil
                } else if embedding == nil {
                    return []
                }
                // Whoever waits for another's has it now as well.
                state.flights[key]?.waiters = [:]
                return waiters.values.map { ($0, embedding) }
            }
        }
        for (continuation, embedding) in waiters { continuation.resume(returning: embedding) }
    }

    /// What another request finds; nil if it fails, if this task is cancelled meanwhile, or if it is another client's and
    /// patience is over.
    private func wait(
        for key: Key,
        as client: String?,
        until patience: ContinuousClock.Instant
    ) async -> Embedding? {
        let (waiter, isOthers) = state.withLock { state in
            state.nextWaiter += 1
            return (state.nextWaiter, state.flights[key].map { $0.client != client } ?? false)
        }
        let end = isOthers ? Task { await giveUp(waiter, for: key, at: patience) } : nil
        defer { end?.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: Embedding?? = state.withLock { state in
                    // Whose patience is over has been looked for already, and would not be found again.
                    guard state.flights[key] != nil, !Task.isCancelled,
                        !isOthers || ContinuousClock.now < patience
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

    private func giveUp(_ waiter: Int, for key: Key, at time: ContinuousClock.Instant) async {
        try? await Task.sleep(until: time)
        if !Task.isCancelled { giveUp(waiter, for: key) }
    }

    private func giveUp(_ waiter: Int, for key: Key) {
        let continuation = state.withLock { $0.flights[key]?.waiters.removeValue(forKey: waiter) }
        continuation?.resume(returning: nil)
    }

    /// Many who ask for the same in a crowd have it long before.
    private static var patience: Duration { .seconds(1) }

    /// Bytes of an entry besides key and numbers: the list's links, a slot of the dictionary, two arrays' heads.
    private static var bookkeeping: Int { 160 }
}

/// How a cache has been used since its model was loaded.
public struct CacheStatistics: Equatable, Sendable {
    /// Different items of a request that were known.
    public let hits: Int
    /// Different items of a request that had to be computed.
    public let misses: Int
    /// Items that another request, or the same, was computing already.
    public let shared: Int
    /// How many embeddings are kept.
    public let entries: Int
    /// The memory that they take.
    public let byteCount: Int
    /// The most that they may take.
    public let limit: Int
}
