internal import CLIPEngine
internal import Synchronization

/// Has queries that come at the same time share passes over the vectors.
///
/// Whatever waits when a pass is over goes together into the next one. There is no timer: a query that finds fewer passes under way
/// than the index makes at once begins one by itself. How many may wait is decided before, where requests are let in.
package final class SearchQueue: Sendable {
    /// What a pass found for one query.
    package struct Outcome: Sendable {
        package let matches: [ImageIndex.Match]
        package let searched: Int
        /// How many queries shared the pass.
        package let together: Int
    }

    private typealias Answer = Result<Outcome, PictureSearchError>

    private struct Waiter: Sendable {
        let id: Int
        let query: ImageIndex.Query
        let continuation: CheckedContinuation<Answer, Never>
    }

    private struct State {
        var waiting = ClientLine<Waiter>()
        var passes = 0
        var lastID = 0
        /// Seconds of one core that a query has cost lately.
        var cost: Double?
    }

    private let index: any SearchableIndex
    private let threads: Int
    private let state = Mutex(State())

    /// - Parameter threads: that a pass takes.
    package init(_ index: any SearchableIndex, threads: Int) {
        (self.index, self.threads) = (index, threads)
    }

    /// Seconds of one core that a query is expected to cost; none until there was a first one.
    package var expectedSeconds: Double { state.withLock { $0.cost ?? 0 } }

    /// Queries that wait for their pass.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Finds the pictures that fit a query best.
    ///
    /// - Parameter client: the sender; clients take turns.
    /// - Throws: `engine(.cancelled)` if the task is cancelled before the query's pass begins.
    package func search(
        _ query: ImageIndex.Query,
        client: String?
    ) async throws(PictureSearchError) -> Outcome {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Answer, Never>) in
                let waiter = Waiter(id: id, query: query, continuation: continuation)
                let (isGone, begins) = state.withLock { state in
                    guard !Task.isCancelled else { return (true, false) }
                    state.waiting.append(waiter, of: client)
                    guard state.passes < index.passesAtOnce else { return (false, false) }
                    state.passes += 1
                    return (false, true)
                }
                if isGone { continuation.resume(returning: Self.cancelled) }
                // It belongs to no request, so that none of them ends it for the others.
                if begins { Task.detached { await self.makePasses() } }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiting.remove { $0.id == id } }
            waiter?.continuation.resume(returning: Self.cancelled)
        }
        return try answer.get()
    }

    private static let cancelled = Answer.failure(.engine(.cancelled, term: nil))

    private func makePasses() async {
        while let waiters = next() {
            let start = ContinuousClock.now
            do throws(IndexError) {
                let result = try await index.search(waiters.map(\.query))
                note(ContinuousClock.now - start, queries: waiters.count)
                for (place, waiter) in waiters.enumerated() {
                    // Everybody is answered, whatever came.
                    let matches = result.matches.indices.contains(place) ? result.matches[place] : []
                    let outcome = Outcome(
                        matches: matches,
                        searched: result.searched,
                        together: waiters.count
                    )
                    waiter.continuation.resume(returning: .success(outcome))
                }
            } catch {
                for waiter in waiters { waiter.continuation.resume(returning: .failure(.index(error))) }
            }
        }
    }

    /// The queries of the next pass: the one whose turn it is, and others that look at the same pictures.
    private func next() -> [Waiter]? {
        state.withLock { state in
            guard let first = state.waiting.next() else {
                state.passes -= 1
                return nil
            }
            var waiters = [first]
            while waiters.count < index.mostTogether,
                let waiter = state.waiting.remove(where: { $0.query.scope == first.query.scope })
            {
                waiters.append(waiter)
            }
            return waiters
        }
    }

    private func note(_ time: Duration, queries: Int) {
        let seconds = time / .seconds(1) * Double(threads) / Double(queries * index.passesAtOnce)
        state.withLock { state in state.cost = state.cost.map { 0.75 * $0 + 0.25 * seconds } ?? seconds }
    }
}
