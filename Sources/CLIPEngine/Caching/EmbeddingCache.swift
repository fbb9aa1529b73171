internal import CoreMetrics
internal import Synchronization

/// A cache of embeddings that also knows which ones are being computed.
///
/// A key in the cache is answered at once. A key that another request is computing is waited for, because captions
/// repeat most when many clients ask at once; but a request that may overtake lists does not wait for a list. Only the
/// remaining keys are computed. One request's failure fails no other: a request that waited for one that failed, or
/// whose client left, computes the embedding itself. So does a request that has waited for another client's for a
/// while, because that client's other requests may come first.
package final class EmbeddingCache<Key: Hashable & Sendable>: Sendable {
    private struct Flight {
        /// Whether a list computes it, which may take long.
        let isOfList: Bool
        let client: String?
        var waiters: [Int: CheckedContinuation<Embedding?, Never>] = [:]
    }

    /// How many items were found in the cache, computed, or shared.
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
    /// The size of a key in bytes.
    private let size: @Sendable (Key) -> Int
    private let isOn: Bool
    private let metrics: EngineMetrics.Side?

    /// A cache of at most `limit` bytes, keys and bookkeeping included; with a limit of 0, nothing is kept or shared.
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

    /// Forgets the cached embeddings; running computations go on.
    package func removeAll() {
        state.withLock { $0.kept.removeAll() }
    }

    /// A cached embedding; nil if there is none, or the cache is off.
    ///
    /// It counts as used only when the caller passes it to ``embeddings(for:found:isOfList:client:compute:)``.
    package func known(_ key: Key) -> Embedding? {
        guard isOn else { return nil }
        return state.withLock { $0.kept.value(of: key) }
    }

    /// The embeddings of keys, in their order, and the time that computing the missing ones took.
    ///
    /// - Parameters:
    ///   - found: embeddings that the caller has already.
    ///   - isOfList: whether the keys are part of a list, which other requests may overtake.
    ///   - client: the sender.
    ///   - compute: computes the embeddings of some of the keys, given by their indexes; no key comes twice.
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
            // Keys whose computation fails elsewhere are claimed in the next round.
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

    /// Looks up all keys at once; this request claims those that no other computes.
    ///
    /// `missing` also has keys that a list is computing, because small requests do not wait for lists.
    ///
    /// - Parameter isPatient: whether to wait for keys that other clients' requests compute.
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
                    // A request that stops waiting computes the key for all that wait, and for those that come later;
                    // the first result ends the wait.
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

    /// Caches the results, ends this request's own computations, and answers those that wait for them; without an
    /// embedding they look again.
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
                // The requests that wait for another request's computation have their result now as well.
                state.flights[key]?.waiters = [:]
                return waiters.values.map { ($0, embedding) }
            }
        }
        for (continuation, embedding) in waiters { continuation.resume(returning: embedding) }
    }

    /// The result of another request's computation; nil if that fails, if this task is cancelled, or if it is another
    /// client's and takes too long.
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
                    // The timer of a wait that is over may have fired already, and would not find this continuation.
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

    /// Within this time, requests for one item that come together normally share it.
    private static var patience: Duration { .seconds(1) }

    /// Bytes of an entry besides its key and numbers: the list's links, a slot of the dictionary, two arrays' headers.
    private static var bookkeeping: Int { 160 }
}

/// How a cache has been used since its model was loaded.
public struct CacheStatistics: Equatable, Sendable {
    /// Distinct items of a request that were in the cache.
    public let hits: Int
    /// Distinct items of a request that had to be computed.
    public let misses: Int
    /// Items that the same or another request was already computing.
    public let shared: Int
    /// How many embeddings are cached.
    public let entries: Int
    /// The memory that they take, in bytes; of texts, with what is kept of prefixes that come again and again.
    public let byteCount: Int
    /// The most memory that they may take, in bytes.
    public let limit: Int

    /// The same with more bytes under a limit that is higher by as much as they may be.
    func adding(byteCount bytes: Int, limit more: Int) -> CacheStatistics {
        CacheStatistics(
            hits: hits,
            misses: misses,
            shared: shared,
            entries: entries,
            byteCount: byteCount + bytes,
            limit: limit + more
        )
    }
}
