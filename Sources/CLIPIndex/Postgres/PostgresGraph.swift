/// The graph (HNSW) through which approximate searches go: an index of pgvector's.
enum PostgresGraph {
    private static let name = "contents_hnsw"

    /// Makes or drops it, while others go on reading and writing.
    ///
    /// - Returns: whether that is done; another process may be at it.
    static func make(
        _ isWanted: Bool,
        in schema: String,
        _ connection: PostgresConnection,
        _ worker: PostgresWorker
    ) throws -> Bool {
        // Waiting for the lock would have the one who makes it wait for us: it waits for all who are in the middle of a statement.
        let lock = "(\(worker.lockClass), -1)"
        guard try connection.query("SELECT pg_try_advisory_lock\(lock)").bool(0, 0) else { return false }
        defer { _ = try? connection.query("SELECT pg_advisory_unlock\(lock)") }
        let rows = try connection.query(
            """
            SELECT i.indisvalid AND i.indpred IS NOT NULL FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = '\(name)'
            """,
            [.text(schema)]
        )
        let isThere = !rows.isEmpty
        if isThere, isWanted, try rows.bool(0, 0) { return true }
        let limit = try connection.query("SELECT current_setting('statement_timeout')").text(0, 0)
        let longest = connection.longestAnswer
        // It takes as long as it takes.
        try connection.execute("SET statement_timeout = 0")
        connection.longestAnswer = nil
        defer {
            _ = try? connection.query("SELECT set_config('statement_timeout', $1, false)", [.text(limit)])
            connection.longestAnswer = longest
        }
        // One that is not valid is left from a process that was ended; one of all rows, from an earlier version.
        if isThere { try connection.execute("DROP INDEX CONCURRENTLY IF EXISTS \(name)") }
        if isWanted {
            try connection.execute(
                "CREATE INDEX CONCURRENTLY \(name) ON contents USING hnsw (embedding halfvec_ip_ops) WHERE present"
            )
        }
        return true
    }
}
