internal import CLIPKernels
internal import CoreMetrics
internal import Dispatch
internal import Synchronization

/// The meeting point of requests and the model: requests put items in and suspend, the model's threads take batches
/// out.
///
/// ``BatchPlanner`` makes all decisions; this type adds a lock, lets idle threads sleep, gathers threads for a shared
/// pass, and wakes requests.
package final class Batcher: Sendable {
    private struct WaitingRequest {
        var embeddings: [Embedding?]
        var missing: Int
        let continuation: CheckedContinuation<Result<Outcome, EmbeddingError>, Never>
        let onProgress: (@Sendable (Int) -> Void)?
        let isOfList: Bool
        let arrival: ContinuousClock.Instant
        var firstStart: ContinuousClock.Instant?
        var lastStart: ContinuousClock.Instant
    }

    private struct State {
        var planner: BatchPlanner<Payload>
        var requests: [Int: WaitingRequest] = [:]
        var nextRequest = 0
        var isClosed = false
        /// Sleeping threads, including those that have been woken but have not run yet.
        var sleeping = 0
        /// Threads in passes whose results have not been handed out yet.
        var busy = 0
        /// The running passes.
        var passes: [Int: RunningPass] = [:]
        var lastPass = 0
        /// Whether clients with captions come back at once.
        var returning: ReturningClients
        /// When a pass last began or ended, or an item came while nothing was waiting.
        var lastMove = ContinuousClock.now
        /// Why a thread gave up.
        var problem: String?
        /// A shared pass that still needs threads.
        var gathering: Gathering?
    }

    private struct Gathering {
        let batch: Batch
        let team: PassTeam
        let members: Int
        var joined: Int
    }

    private let threads: Int
    private let sharesPrefixes: Bool
    /// A pass of fewer tokens takes about as long as reading the weights, whatever its tokens.
    private let fewTokens: Int
    private let state: Mutex<State>
    /// Signalled once for each thread that should look for work.
    private let changes = DispatchSemaphore(value: 0)

    private let costs: CostMeter?
    private let metrics: EngineMetrics?

    /// A batcher for this many threads, each of which calls `next()` until it returns nil.
    ///
    /// - Parameters:
    ///   - costs: what items cost lately; without it, no thread waits for another one to make a pass together.
    ///   - returning: how long captions wait for those of clients that were just answered.
    package init(
        limits: BatchLimits,
        threads: Int = 1,
        costs: CostMeter? = nil,
        returning: ReturningClients = ReturningClients(),
        metrics: EngineMetrics? = nil
    ) {
        self.costs = costs
        self.metrics = metrics
        self.threads = threads
        sharesPrefixes = limits.sharesPrefixes
        fewTokens = min(limits.leastTokensAlone * threads, limits.textTokens)
        state = Mutex(State(planner: BatchPlanner(limits: limits), returning: returning))
    }

    /// How many images and texts wait for a pass.
    package var waiting: (images: Int, texts: Int) {
        state.withLock { ($0.planner.waiting(in: .images), $0.planner.waiting(in: .texts)) }
    }

    // MARK: The requests' side

    /// Waits for the embeddings of items of one lane.
    ///
    /// If the task is cancelled, items that still wait are dropped and the error is `cancelled`. Once the batcher is
    /// closed, the error is `shuttingDown`.
    ///
    /// - Parameters:
    ///   - isOfList: whether the items are part of a list, which other requests may overtake.
    ///   - isApart: whether texts that begin alike are computed each by itself, to compare.
    ///   - client: the sender; clients take turns.
    ///   - onProgress: called with the number of items that a batch has finished, if more are still to come.
    package func embed(
        _ payloads: [Payload],
        lane: BatchLane,
        isOfList: Bool = false,
        isApart: Bool = false,
        client: String? = nil,
        onProgress: (@Sendable (Int) -> Void)? = nil
    ) async throws(EmbeddingError) -> Outcome {
        guard !payloads.isEmpty else { return .nothing }
        let request = state.withLock { state in
            defer { state.nextRequest += 1 }
            return state.nextRequest
        }
        let items = payloads.enumerated().map { index, payload in
            BatchPlanner<Payload>.Item(
                request: request,
                index: index,
                payload: payload,
                weight: Self.weight(of: payload),
                tokens: isApart ? [] : sharedTokens(of: payload)
            )
        }
        let outcome = await withTaskCancellationHandler {
            await enqueue(items, lane: lane, isOfList, client, request: request, onProgress: onProgress)
        } onCancel: {
            cancel(request)
        }
        return try outcome.get()
    }

    private func enqueue(
        _ items: [BatchPlanner<Payload>.Item],
        lane: BatchLane,
        _ isOfList: Bool,
        _ client: String?,
        request: Int,
        onProgress: (@Sendable (Int) -> Void)?
    ) async -> Result<Outcome, EmbeddingError> {
        await withCheckedContinuation { continuation in
            let now = ContinuousClock.now
            let isAccepted = state.withLock { state in
                guard !state.isClosed else { return false }
                if state.planner.isEmpty { state.lastMove = now }
                state.requests[request] = WaitingRequest(
                    embeddings: Array(repeating: nil, count: items.count),
                    missing: items.count,
                    continuation: continuation,
                    onProgress: onProgress,
                    isOfList: isOfList,
                    arrival: now,
                    lastStart: now
                )
                state.planner.append(items, to: lane, of: client, isOfList: isOfList)
                if lane == .texts, !isOfList { state.returning.arrive(at: now) }
                return true
            }
            guard isAccepted else { return continuation.resume(returning: .failure(.shuttingDown)) }
            changes.signal()
            // A cancellation that came before the request was added found nothing to remove.
            if Task.isCancelled { cancel(request) }
        }
    }

    private static func weight(of payload: Payload) -> Int {
        switch payload {
        case .pixels: 1
        case .tokens(let ids): ids.count
        }
    }

    private func sharedTokens(of payload: Payload) -> [Int32] {
        guard sharesPrefixes, case .tokens(let ids) = payload else { return [] }
        return ids
    }

    private func cancel(_ request: Int) {
        let waiting = state.withLock { state in
            state.planner.remove(request: request)
            return state.requests.removeValue(forKey: request)
        }
        waiting?.continuation.resume(returning: .failure(.cancelled))
    }

    // MARK: The model's side

    /// Sleeps until there is work for the calling thread; nil once the batcher is closed and empty.
    package func next() -> Assignment? {
        while true {
            let (assignment, isOver, wait) = state.withLock { state -> (Assignment?, Bool, Duration?) in
                if let joined = join(&state) { return (joined, false, nil) }
                let wait = waitForOthers(state) ?? waitForClients(&state)
                if wait == nil, let begun = begin(&state) { return (begun, false, nil) }
                let isOver = state.isClosed && wait == nil
                if !isOver { state.sleeping += 1 }
                return (nil, isOver, wait)
            }
            if let assignment { return assignment }
            if isOver { return nil }
            if let wait {
                _ = changes.wait(timeout: .now() + .nanoseconds(Int(wait / .nanoseconds(1))))
            } else {
                changes.wait()
            }
            state.withLock { $0.sleeping -= 1 }
        }
    }

    /// How long an idle thread should leave what waits, because it would be done sooner by this thread and one that will
    /// soon be idle than by this one now; nil if not.
    private func waitForOthers(_ state: State) -> Duration? {
        guard let next = state.planner.nextToShare(among: threads) else { return nil }
        return RunningPass.wait(
            forAnyOf: state.passes.values,
            before: estimate(next.lane, next.weight),
            idle: max(1, threads - state.busy),
            threads: threads,
            now: .now
        )
    }

    /// How long a thread should leave few captions that wait, because the clients that were just answered are about to
    /// send more; nil if not.
    private func waitForClients(_ state: inout State) -> Duration? {
        let isLight = !state.planner.isEmpty && state.planner.onlyHasTexts(below: fewTokens)
        return isLight && !state.isClosed ? state.returning.wait(at: .now) : nil
    }

    /// The seconds that one core needs for so much of a lane; 0 if nobody knows.
    private func estimate(_ lane: BatchLane, _ weight: Int) -> Double {
        switch lane {
        case .images: costs?.estimate(passOfImages: weight, tokens: 0) ?? 0
        case .texts: costs?.estimate(passOfImages: 0, tokens: weight) ?? 0
        }
    }

    /// Joins a shared pass that still needs threads.
    private func join(_ state: inout State) -> Assignment? {
        guard var gathering = state.gathering else { return nil }
        let share = gathering.team.share(gathering.joined)
        gathering.joined += 1
        state.gathering = gathering.joined < gathering.members ? gathering : nil
        return Assignment(batch: gathering.batch, share: share, idleThreads: 1)
    }

    /// Takes waiting items, alone or together with other idle threads.
    ///
    /// Some of those threads may not sleep yet, because they have just finished a pass; they look here before they
    /// sleep.
    private func begin(_ state: inout State) -> Assignment? {
        let idle = max(1, threads - state.busy)
        guard let step = state.planner.nextStep(among: idle) else { return nil }
        if step.lane == .texts { state.returning.begin() }
        let now = ContinuousClock.now
        for item in step.items {
            state.requests[item.request]?.lastStart = now
            if state.requests[item.request]?.firstStart == nil {
                state.requests[item.request]?.firstStart = now
            }
        }
        state.lastPass += 1
        let work = estimate(step.lane, step.cost)
        state.passes[state.lastPass] = RunningPass(start: now, work: work, threads: step.threads)
        state.lastMove = now
        let batch = Batch(
            lane: step.lane,
            items: step.items,
            cost: step.cost,
            threads: step.threads,
            pass: state.lastPass
        )
        state.busy += step.threads
        guard step.threads > 1 else {
            // Another thread takes the rest.
            if !state.planner.isEmpty, state.sleeping > 0 { changes.signal() }
            return Assignment(batch: batch, share: .whole, idleThreads: idle)
        }
        let team = PassTeam(count: step.threads)
        state.gathering = Gathering(batch: batch, team: team, members: step.threads, joined: 1)
        for _ in 0..<min(step.threads - 1, state.sleeping) { changes.signal() }
        return Assignment(batch: batch, share: team.share(0), idleThreads: step.threads)
    }

    /// Notes that a thread has done its part of a pass that others still make.
    package func leave(_ batch: Batch) {
        state.withLock { $0.passes[batch.pass]?.leave(at: .now) }
    }

    /// Hands a batch's results, or its failure, to the requests that its items belong to.
    package func finish(_ batch: Batch, with result: Result<[Embedding], EmbeddingError>) {
        let side = batch.lane == .images ? metrics?.images : metrics?.texts
        side?.batchItems.record(Int64(batch.items.count))
        let now = ContinuousClock.now
        var ready: [(WaitingRequest, Result<Outcome, EmbeddingError>)] = []
        var progress: [Int: Int] = [:]
        let onProgress = state.withLock { state in
            state.busy -= batch.threads
            let pass = state.passes.removeValue(forKey: batch.pass)
            state.lastMove = now
            for (position, item) in batch.items.enumerated() {
                // A request that was cancelled meanwhile, or failed with another batch, is no longer in the table.
                guard var request = state.requests.removeValue(forKey: item.request) else { continue }
                switch result {
                case .success(let embeddings):
                    request.embeddings[item.index] = embeddings[position]
                    request.missing -= 1
                    guard request.missing == 0 else {
                        state.requests[item.request] = request
                        progress[item.request, default: 0] += 1
                        continue
                    }
                    let outcome = Outcome(
                        embeddings: request.embeddings.compactMap(\.self),
                        queue: request.lastStart - request.arrival,
                        forward: now - (request.firstStart ?? now)
                    )
                    ready.append((request, .success(outcome)))
                case .failure(let error):
                    state.planner.remove(request: item.request)
                    ready.append((request, .failure(error)))
                }
            }
            // What rode together for having waited is still light.
            if batch.lane == .texts, batch.cost < 2 * fewTokens, let pass {
                let answers = ready.count { !$0.0.isOfList }
                state.returning.answer(answers, after: now - pass.start, at: now)
            }
            return progress.compactMap { request, count in
                state.requests[request]?.onProgress.map { ($0, count) }
            }
        }
        for (tell, count) in onProgress { tell(count) }
        for (request, outcome) in ready { request.continuation.resume(returning: outcome) }
    }

    // MARK: Health

    /// Notes why a thread gives up; health checks report it.
    func report(_ problem: String) {
        state.withLock { $0.problem = problem }
    }

    /// What is wrong with the threads: one gave up, a pass takes longer than the limit, or no thread takes what waits.
    package func problem(passLimit limit: Duration) -> String? {
        state.withLock { state in
            if let problem = state.problem { return problem }
            let now = ContinuousClock.now
            if let oldest = state.passes.values.map(\.start).min(), now - oldest > limit {
                return "a forward pass has not ended for \((now - oldest).components.seconds) s"
            }
            guard state.passes.isEmpty, !state.planner.isEmpty, now - state.lastMove > limit else {
                return nil
            }
            return "no compute thread has taken what waits for \((now - state.lastMove).components.seconds) s"
        }
    }

    /// Whether the batcher is closed and has neither items nor passes left.
    package var isOver: Bool {
        state.withLock { $0.isClosed && $0.passes.isEmpty && $0.planner.isEmpty }
    }

    /// Accepts nothing more; items that wait are still finished.
    package func close() {
        let sleeping = state.withLock { state in
            state.isClosed = true
            return state.sleeping
        }
        for _ in 0..<sleeping { changes.signal() }
    }
}
