/// The jobs that wait for a pool's threads.
///
/// Clients take turns, so that one client's many jobs do not hold up another's, and costly jobs leave room for the
/// rest.
///
/// It is a value without lock or thread.
package struct WorkQueue<Job>: Sendable where Job: Sendable {
    private var cheap = ClientLine<Job>()
    private var costly = ClientLine<Job>()
    private var costlyRunning = 0
    /// Cheap jobs that were taken while a costly one was waiting.
    private var overtakes = 0
    private static var mostOvertakes: Int { 3 }

    package init() {}

    package mutating func append(_ job: Job, of client: String?, isCostly: Bool) {
        if isCostly { costly.append(job, of: client) } else { cheap.append(job, of: client) }
    }

    /// The next job for a thread; nil if there is none, or only costly jobs while enough of them run.
    package mutating func next(mostCostly: Int) -> (job: Job, isCostly: Bool)? {
        let mayBeCostly = costlyRunning < mostCostly && !costly.isEmpty
        if mayBeCostly, cheap.isEmpty || overtakes >= Self.mostOvertakes {
            guard let job = costly.next() else { return nil }
            overtakes = 0
            costlyRunning += 1
            return (job, true)
        }
        guard let job = cheap.next() else { return nil }
        if mayBeCostly { overtakes += 1 }
        return (job, false)
    }

    /// Notes that a costly job is done.
    package mutating func finishCostly() {
        costlyRunning -= 1
    }
}
