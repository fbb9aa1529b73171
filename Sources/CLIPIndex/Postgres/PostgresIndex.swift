internal import CLIPFiles
internal import Synchronization

/// An index in a database that is searched, while other processes may be bringing it up to date.
package final class PostgresIndex: SearchableIndex {
    package let model: IndexedModel
    private let address: PostgresAddress
    /// Each makes one search after the other.
    private let sessions: [PostgresSession]
    private let counts = PostgresCounts()
    /// The model's mark: tables that were made anew for another one have another.
    private let sample: [UInt8]
    private let state: Mutex<State>

    private struct State {
        var hashKey: IndexHashKey
        /// Searches that each session has in hand.
        var inHand: [Int]
        /// Until when a database that was waited for in vain is not asked again, and what was found.
        var away: (until: ContinuousClock.Instant, error: IndexError)?
    }

    /// Opens an index.
    ///
    /// - Parameter connections: on how many searches may run at once; each is made when it is first wanted.
    package static func open(
        _ address: PostgresAddress,
        connections: Int = 4
    ) async throws(IndexError) -> PostgresIndex {
        let sessions = (0..<max(1, connections)).map { _ in
            PostgresSession(address) { try PostgresSchema.setUp($0, address) }
        }
        let facts = try await sessions[0].perform { try PostgresSchema.open($0, address) }
        return PostgresIndex(address, facts, sessions)
    }

    private init(_ address: PostgresAddress, _ facts: PostgresFacts, _ sessions: [PostgresSession]) {
        model = facts.model
        sample = Array(Floats.data(facts.model.sample))
        (self.address, self.sessions) = (address, sessions)
        state = Mutex(State(hashKey: facts.hashKey, inHand: sessions.map { _ in 0 }))
    }

    package var hashKey: IndexHashKey { state.withLock { $0.hashKey } }

    /// Whoever searches does not want to wait as long as who writes.
    private static let patience = Duration.seconds(10)
    /// What fails at once because another search has just waited in vain.
    private static let rest = Duration.seconds(2)

    /// Asks the database, by the session that has the least in hand.
    private func ask<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value?
    ) async throws(IndexError) -> Value? {
        let (number, error) = state.withLock { state -> (Int, IndexError?) in
            if let away = state.away, ContinuousClock.now < away.until { return (0, away.error) }
            state.away = nil
            let number = state.inHand.indices.min { state.inHand[$0] < state.inHand[$1] } ?? 0
            state.inHand[number] += 1
            return (number, nil)
        }
        if let error { throw error }
        defer { state.withLock { $0.inHand[number] -= 1 } }
        do throws(IndexError) {
            let found: Value?? = try await sessions[number].run(
                patience: min(address.patience, Self.patience),
                body
            )
            return found ?? nil
        } catch {
            if case .unreachable = error {
                state.withLock { $0.away = (ContinuousClock.now + Self.rest, error) }
            }
            throw error
        }
    }

    /// What the tables say of themselves now.
    ///
    /// - Throws: `otherModel`.
    private func current(_ connection: PostgresConnection) throws -> PostgresFacts.Current {
        let facts = try PostgresFacts.Current(connection)
        guard facts.sample == sample, let key = facts.hashKey else {
            throw IndexError.otherModel(.weights(name: model.name))
        }
        guard facts.precision.elementsEqual(model.precision.utf8) else {
            let given = String(decoding: facts.precision, as: UTF8.self)
            throw IndexError.otherModel(.precision(index: given, given: model.precision))
        }
        state.withLock { $0.hashKey = key }
        return facts
    }

    // MARK: Searching

    // Each query is a statement of its own.
    package var mostTogether: Int { 1 }
    package var passesAtOnce: Int { sessions.count }

    package func search(_ queries: [ImageIndex.Query]) async throws(IndexError) -> ImageIndex.Result {
        // An index of another model may have taken its place.
        for query in queries { try model.requireWidth(of: query.embedding) }
        return try await ask { [self] connection in
            try connection.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") {
                let facts = try current(connection)
                var matches: [[ImageIndex.Match]] = []
                var (searched, counted): (Int, [(IndexFile.Scope, Int)]) = (0, [])
                for query in queries {
                    matches.append(try Self.matches(query, facts.isApproximate, connection))
                    if !counted.contains(where: { $0.0 == query.scope }) {
                        counted.append((query.scope, try counts.count(in: query.scope, connection)))
                    }
                    searched = counted.reduce(0) { max($0, $1.1) }
                }
                return ImageIndex.Result(matches: matches, searched: searched)
            }
        } ?? ImageIndex.Result(matches: queries.map { _ in [] }, searched: 0)
    }

    /// More than that is not looked for in a graph.
    private static let mostInGraph = 400

    private static func matches(
        _ query: ImageIndex.Query,
        _ isApproximate: Bool,
        _ connection: PostgresConnection
    ) throws -> [ImageIndex.Match] {
        let wanted = query.excluded == nil || query.top == .max ? query.top : query.top + 1
        let scope = PostgresScope(query.scope)
        let embedding = PostgresBytes.direction(of: query.embedding)
        let rows: PostgresRows
        if isApproximate, scope.isAll, wanted <= mostInGraph {
            // How many of the graph are looked at; 40 by itself, and 1,000 at most.
            try connection.execute("SET LOCAL hnsw.ef_search = \(min(1000, max(100, 2 * wanted)))")
            rows = try connection.query(
                """
                SELECT id, (-distance)::real FROM (
                    SELECT id, embedding <#> $1::halfvec AS distance FROM contents WHERE present
                    ORDER BY embedding <#> $1::halfvec LIMIT $2
                ) AS best ORDER BY distance, id
                """,
                [.vector(embedding), .int(wanted)]
            )
        } else {
            let number = scope.parameters.count
            let score = "-(c.embedding <#> $\(number + 1)::halfvec)"
            let filter =
                scope.isAll
                ? "c.present" : "c.id IN (SELECT f.content FROM files f WHERE \(scope.condition))"
            // Ordered by what the graph is not, so that all are compared.
            // In the server's 64 bits, so that what reaches it in 32 is among them.
            let least = query.minScore.isFinite ? "AND \(score) >= \(Double(query.minScore) - 1e-6)" : ""
            rows = try connection.query(
                """
                SELECT id, score::real FROM (
                    SELECT c.id, \(score) AS score FROM contents c WHERE \(filter) \(least)
                    ORDER BY score DESC, c.id LIMIT $\(number + 2)
                ) AS best ORDER BY score DESC, id
                """,
                scope.parameters + [.vector(embedding), .int(wanted)]
            )
        }
        var best: [(id: Int, score: Float)] = []
        for row in 0..<rows.count {
            let (id, score) = (try rows.int(row, 0), try rows.float(row, 1))
            if id != query.excluded, score >= query.minScore, best.count < query.top {
                best.append((id, score))
            }
        }
        let files = try files(of: best.map(\.id), max(1, query.mostPaths), scope, connection)
        return best.compactMap { match in
            files[match.id].map {
                ImageIndex.Match(id: match.id, paths: $0.paths, fileCount: $0.count, score: match.score)
            }
        }
    }

    /// The first paths of contents' files within a scope, in order, and how many files there are.
    private static func files(
        of contents: [Int],
        _ most: Int,
        _ scope: PostgresScope,
        _ connection: PostgresConnection
    ) throws -> [Int: (paths: [String], count: Int)] {
        guard !contents.isEmpty else { return [:] }
        let number = scope.parameters.count
        let rows = try connection.query(
            """
            SELECT content, path, count FROM (
                SELECT f.content, f.path, count(*) OVER (PARTITION BY f.content) AS count,
                    row_number() OVER (PARTITION BY f.content ORDER BY f.path) AS place
                FROM files f WHERE \(scope.condition) AND f.content = ANY ($\(number + 1))
            ) AS found WHERE place <= $\(number + 2) ORDER BY path
            """,
            scope.parameters + [.ints(contents), .int(most)]
        )
        var files: [Int: (paths: [String], count: Int)] = [:]
        for row in 0..<rows.count {
            let path = FileName.text(of: try rows.bytes(row, 1))
            let (content, count) = (try rows.int(row, 0), try rows.int(row, 2))
            files[content, default: ([], count)].paths.append(path)
        }
        return files
    }

    // MARK: Single pictures

    package func embedding(ofFile path: String) async throws(IndexError) -> (id: Int, [Float])? {
        let bytes = FileName.bytes(of: path)
        let found: Found? = try await ask { [self] connection in
            _ = try current(connection)
            guard let look = IndexFile.Look(at: path) else { return nil }
            let rows = try connection.query(
                """
                SELECT content FROM files
                WHERE sha256(path) = sha256($1) AND bytes = $2 AND modified = $3 AND missing IS NULL
                """,
                [.bytes(bytes), .int(look.bytes), .int(look.modified)]
            )
            guard !rows.isEmpty else { return nil }
            return try Found.content(try rows.int(0, 0), connection)
        }
        return found.map { ($0.id, $0.embedding) }
    }

    package func embedding(ofID id: Int) async throws(IndexError) -> [Float]? {
        let found: Found? = try await ask { [self] connection in
            _ = try current(connection)
            return try Found.content(id, connection)
        }
        return found?.embedding
    }

    private struct Found: Sendable {
        let id: Int
        let embedding: [Float]

        static func content(_ id: Int, _ connection: PostgresConnection) throws -> Found? {
            let rows = try connection.query(
                "SELECT embedding FROM contents WHERE id = $1 AND present",
                [.int(id)]
            )
            guard !rows.isEmpty else { return nil }
            guard let vector = PostgresBytes.vector(of: try rows.bytes(0, 0)) else {
                throw PostgresFault.unexpected("a vector is of another kind")
            }
            return Found(id: id, embedding: vector)
        }
    }

    package func file(ofID id: Int) async throws(IndexError) -> (path: String, look: IndexFile.Look)? {
        try await ask { [self] connection in
            _ = try current(connection)
            let rows = try connection.query(
                """
                SELECT path, bytes, modified FROM files WHERE content = $1 AND missing IS NULL ORDER BY path LIMIT 1
                """,
                [.int(id)]
            )
            guard !rows.isEmpty else { return nil }
            let look = IndexFile.Look(bytes: try rows.int(0, 1), modified: try rows.int(0, 2))
            return (path: FileName.text(of: try rows.bytes(0, 0)), look: look)
        }
    }

    package func id(ofHash hash: [UInt8]) async throws(IndexError) -> Int? {
        try await ask { connection in
            let rows = try connection.query("SELECT id FROM contents WHERE hash = $1", [.bytes(hash)])
            return rows.isEmpty ? nil : try rows.int(0, 0)
        }
    }
}
