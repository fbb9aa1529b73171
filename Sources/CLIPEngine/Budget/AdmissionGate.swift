internal import Synchronization

/// Admits requests, queues lists for their turn, and refuses at once what could not be finished in time.
///
/// ``AdmissionPlan`` makes all decisions; this type adds a lock and wakes lists.
package final class AdmissionGate: Sendable {
    private struct State {
        var plan: AdmissionPlan
        var waiting: [Int: CheckedContinuation<AdmissionPlan.Decision, Never>] = [:]
        var lastID = 0
    }

    private let state: Mutex<State>
    private let metrics: EngineMetrics?

    /// The items of admitted requests that are not finished, and the number of lists that wait to be admitted.
    var standing: (items: Int, waitingLists: Int) {
        state.withLock { ($0.plan.itemsInHand, $0.plan.waitingLists) }
    }

    package init(
        places: Int,
        cores: Int,
        longestQueue: Duration? = nil,
        metrics: EngineMetrics? = nil
    ) {
        self.metrics = metrics
        let seconds = longestQueue.map { $0 / .seconds(1) } ?? .infinity
        state = Mutex(State(plan: AdmissionPlan(places: places, cores: cores, longestQueue: seconds)))
    }

    /// Admits a request; a list waits until there is a place.
    ///
    /// - Throws: `overloaded` if the request is refused; `cancelled` if the task is cancelled before there is a place.
    package func enter(
        _ demand: AdmissionPlan.Demand,
        terms: RequestTerms = RequestTerms()
    ) async throws(EmbeddingError) {
        let patience = terms.deadline.map { ContinuousClock.now.duration(to: $0) / .seconds(1) }
        let decision =
            demand.isList
            ? await enter(list: demand, patience: patience)
            : state.withLock { $0.plan.enter(demand, id: 0, patience: patience) }
        switch decision {
        case .admitted: return
        case .refused(let seconds):
            metrics?.reject(.overloaded)
            throw .overloaded(retryAfterSeconds: Self.whole(seconds))
        case .waits: throw .cancelled
        }
    }

    /// Notes that some of a request's work is done, so that estimates for other requests count only the rest.
    func progress(_ demand: AdmissionPlan.Demand, by work: Double) {
        state.withLock { $0.plan.progress(demand, by: work) }
    }

    /// Ends an admitted request, with the work that was left.
    package func leave(_ demand: AdmissionPlan.Demand) {
        wake { $0.plan.leave(demand) }
    }

    /// Waits as long as the plan says `waits`; the result is also `waits` if the task was cancelled meanwhile.
    private func enter(list demand: AdmissionPlan.Demand, patience: Double?) async -> AdmissionPlan.Decision {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let decision: AdmissionPlan.Decision? = state.withLock { state in
                    guard !Task.isCancelled else { return .waits }
                    let decision = state.plan.enter(demand, id: id, patience: patience)
                    guard decision == .waits else { return decision }
                    state.waiting[id] = continuation
                    return nil
                }
                if let decision { continuation.resume(returning: decision) }
            }
        } onCancel: {
            var cancelled: CheckedContinuation<AdmissionPlan.Decision, Never>?
            wake { state in
                cancelled = state.waiting.removeValue(forKey: id)
                return cancelled == nil ? [] : state.plan.cancel(id)
            }
            cancelled?.resume(returning: .waits)
        }
    }

    /// Changes the plan and wakes the lists that are admitted by the change.
    private func wake(_ change: (inout State) -> [Int]) {
        let admitted = state.withLock { state in
            change(&state).compactMap { state.waiting.removeValue(forKey: $0) }
        }
        for continuation in admitted { continuation.resume(returning: .admitted) }
    }

    /// A value for Retry-After: whole seconds, rounded up from a quarter, between one second and ten minutes.
    private static func whole(_ seconds: Double) -> Int {
        Int(min(max(1, (seconds - 0.25).rounded(.up)), 600))
    }
}
