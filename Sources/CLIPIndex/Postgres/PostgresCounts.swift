internal import Synchronization

/// How many pictures searches compare.
///
/// Counting them takes a fourth of what comparing them does, so it is not done for each search. A count holds as long as nothing was written, and then for a while longer: so that at most one part in twenty of the time goes
/// into counting while others write.
final class PostgresCounts: Sendable {
    private struct Count {
        let scope: IndexFile.Scope
        /// What was committed when it was counted, as the server says it.
        let snapshot: [UInt8]
        let value: Int
        let end: ContinuousClock.Instant
    }

    private let counts = Mutex<[Count]>([])
    private static let most = 64
    private static let longest = Duration.seconds(10)

    /// The number of pictures that files of a scope have; within a transaction that sees one state.
    func count(in scope: IndexFile.Scope, _ connection: PostgresConnection) throws -> Int {
        let snapshot = try connection.query("SELECT txid_current_snapshot()::text").bytes(0, 0)
        let start = ContinuousClock.now
        let known = counts.withLock { $0.first { $0.scope == scope } }
        if let known, known.snapshot == snapshot || start < known.end { return known.value }
        let value = try Self.counted(PostgresScope(scope), connection)
        let now = ContinuousClock.now
        let count = Count(
            scope: scope,
            snapshot: snapshot,
            value: value,
            end: now + min((now - start) * 20, Self.longest)
        )
        counts.withLock { counts in
            counts.removeAll { $0.scope == scope }
            counts.append(count)
            if counts.count > Self.most { counts.removeFirst() }
        }
        return value
    }

    private static func counted(_ scope: PostgresScope, _ connection: PostgresConnection) throws -> Int {
        guard !scope.isAll else {
            return try connection.query("SELECT count(*) FROM contents WHERE present").int(0, 0)
        }
        return try connection.query(
            "SELECT count(DISTINCT f.content) FROM files f WHERE \(scope.condition)",
            scope.parameters
        ).int(0, 0)
    }
}
