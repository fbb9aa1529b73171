/// The jobs that wait for a pool's threads: clients take turns, so that a crowd of one's jobs does not hold up another's, and
/// costly jobs leave room for the rest.
///
/// A value without lock or thread.
package struct WorkQueue<Job>: Sendable where Job: Sendable {
    private var cheap = ClientLine<Job>()
    private var costly = ClientLine<Job>()
    private var costlyRunning = 0
    /// Cheap jobs that went before a costly one which waits.
    private var overtakes = 0
    private static var mostOvertakes: Int { 3 }

    package init() {}

    package mutating func append(_ job: Job, of client: String?, isCostly: Bool) {
        if isCostly { costly.append(job, of: client) } else { cheap.append(job, of: client) }
    }

    /// The job that a thread should do next; nil where there is none, or only costly ones while enough of them run.
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
