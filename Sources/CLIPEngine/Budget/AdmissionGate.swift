internal import Synchronization

/// Takes requests on, has lists wait for their turn, and turns away at once what could not be finished in time.
///
/// All decisions are ``AdmissionPlan``'s; this type adds a lock and the waking of lists.
package final class AdmissionGate: Sendable {
    private struct State {
        var plan: AdmissionPlan
        var waiting: [Int: CheckedContinuation<AdmissionPlan.Decision, Never>] = [:]
        var lastID = 0
    }

    private let state: Mutex<State>
    private let metrics: EngineMetrics?

    /// Items of requests that were let in and have not left, and lists that wait to be let in.
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

    /// Lets a request in; a list waits until there is a place.
    ///
    /// - Throws: `overloaded` for what is refused, `cancelled` where the task is before there is a place.
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

    /// Takes note that some of the work of a request is done, so that others are told how much is left.
    func progress(_ demand: AdmissionPlan.Demand, by work: Double) {
        state.withLock { $0.plan.progress(demand, by: work) }
    }

    /// Lets a request out that was let in, with the work that was left.
    package func leave(_ demand: AdmissionPlan.Demand) {
        wake { $0.plan.leave(demand) }
    }

    /// Waits while that is what the plan says; it is what comes back, too, where the task was cancelled meanwhile.
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

    /// Changes the plan and wakes those who are let in by that.
    private func wake(_ change: (inout State) -> [Int]) {
        let admitted = state.withLock { state in
            change(&state).compactMap { state.waiting.removeValue(forKey: $0) }
        }
        for continuation in admitted { continuation.resume(returning: .admitted) }
    }

    /// For a Retry-After: whole seconds, rounded up from a quarter, at least one, at most ten minutes.
    private static func whole(_ seconds: Double) -> Int {
        Int(min(max(1, (seconds - 0.25).rounded(.up)), 600))
    }
}
