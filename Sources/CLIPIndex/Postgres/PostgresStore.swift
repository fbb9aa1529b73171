internal import CLIPFiles
internal import Synchronization

/// An index in a database, which several processes may bring up to date at once.
package final class PostgresStore: IndexStore {
    package let model: IndexedModel
    package let hashKey: IndexHashKey
    private let session: PostgresSession
    private let place: Place
    private let schema: String

    package let filesAtOnce = 64
    package let longestPending = Duration.milliseconds(200)

    /// What the thread of the connection knows.
    private final class Place: Sendable {
        let worker = Mutex<PostgresWorker?>(nil)
        /// When the walk began that is under way, by the server's clock.
        let begun = Mutex("infinity")
    }

    /// Opens an index to be brought up to date with a model's vectors, and makes its tables where there are none.
    package static func open(
        _ address: PostgresAddress,
        for model: IndexedModel
    ) async throws(IndexError) -> PostgresStore {
        let session = PostgresSession(address) { try PostgresSchema.setUp($0, address) }
        let facts = try await session.perform { try PostgresSchema.open($0, address, for: model) }
        return PostgresStore(address, facts)
    }

    private init(_ address: PostgresAddress, _ facts: PostgresFacts) {
        (model, hashKey) = (facts.model, facts.hashKey)
        schema = address.schema
        let place = Place()
        self.place = place
        session = PostgresSession(address) { connection in
            try PostgresSchema.setUp(connection, address)
            let known = place.worker.withLock { $0 }
            let worker = try PostgresWorker(connection, address, before: known)
            place.worker.withLock { $0 = worker }
            try connection.execute(PostgresFindings.table)
        }
    }

    /// Asks the database as the worker that this process is.
    func ask<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection, PostgresWorker) throws -> Value
    ) async throws(IndexError) -> Value {
        try await session.perform { [place] connection in
            guard let worker = place.worker.withLock({ $0 }) else {
                throw PostgresFault.unexpected("there is no worker")
            }
            return try body(connection, worker)
        }
    }

    // MARK: What is known

    package func beginWalk() async throws(IndexError) {
        let now = try await ask { connection, _ in
            try connection.query("SELECT clock_timestamp()::text").text(0, 0)
        }
        place.begun.withLock { $0 = now }
    }

    package func standings(of files: [IndexedFile]) async throws(IndexError) -> [FileStanding] {
        let asked = files.map { (path: FileName.bytes(of: $0.path), look: $0.look) }
        let claims = asked.map { hashKey.claim(ofPath: $0.path) }
        return try await ask { connection, worker in
            var standings = try Self.known(asked, connection).map(FileStanding.known)
            func isClaimed(_ place: Int) -> Bool {
                switch standings[place] {
                case .known(.unknown), .known(.current(_, isMissing: true)): true
                case .known(.current), .known(.failed), .held: false
                }
            }
            let new = asked.indices.filter(isClaimed)
            guard !new.isEmpty else { return standings }
            let own = try worker.claim(new.map { claims[$0] }, connection)
            for (place, isOwn) in zip(new, own) where !isOwn { standings[place] = .held }
            // Another process may have written it, and left its claim, since it was looked for.
            let taken = zip(new, own).filter(\.1).map(\.0)
            let again = try Self.known(taken.map { asked[$0] }, connection)
            for (place, known) in zip(taken, again) { standings[place] = .known(known) }
            try worker.release(taken.filter { !isClaimed($0) }.map { claims[$0] }, connection)
            return standings
        }
    }

    private static func known(
        _ files: [(path: [UInt8], look: IndexFile.Look)],
        _ connection: PostgresConnection
    ) throws -> [IndexFile.Known] {
        var known = [IndexFile.Known](repeating: .unknown, count: files.count)
        guard !files.isEmpty else { return known }
        let rows = try connection.query(
            """
            SELECT asked.place, f.id, f.missing IS NOT NULL, x.reason
            FROM unnest($1, $2, $3) WITH ORDINALITY AS asked (path, bytes, modified, place)
            LEFT JOIN files f ON sha256(f.path) = sha256(asked.path)
                AND f.bytes = asked.bytes AND f.modified = asked.modified
            LEFT JOIN failures x ON sha256(x.path) = sha256(asked.path)
                AND x.bytes = asked.bytes AND x.modified = asked.modified
            """,
            [.list(files.map(\.path)), .ints(files.map(\.look.bytes)), .ints(files.map(\.look.modified))]
        )
        for row in 0..<rows.count {
            let place = try rows.int(row, 0) - 1
            guard known.indices.contains(place) else { throw PostgresFault.unexpected("a file has no place") }
            if !rows.isNull(row, 1) {
                known[place] = .current(id: try rows.int(row, 1), isMissing: try rows.bool(row, 2))
            } else if !rows.isNull(row, 3) {
                known[place] = .failed(reason: try rows.text(row, 3))
            }
        }
        return known
    }

    package func standing(ofHash hash: [UInt8]) async throws(IndexError) -> ContentStanding {
        let claim = hashKey.claim(ofHash: hash)
        return try await ask { connection, worker in
            func known() throws -> ContentStanding? {
                let rows = try connection.query("SELECT id FROM contents WHERE hash = $1", [.bytes(hash)])
                return rows.isEmpty ? nil : .known(try rows.int(0, 0))
            }
            if let known = try known() { return known }
            guard try worker.claim([claim], connection) == [true] else { return .held }
            if let known = try known() {
                try worker.release([claim], connection)
                return known
            }
            return .new
        }
    }

    package func leftPath(
        ofContent content: Int,
        besides path: String,
        taken: Set<[UInt8]>
    ) async throws(IndexError) -> String? {
        let own = FileName.bytes(of: path)
        return try await ask { connection, worker in
            for condition in ["missing IS NOT NULL", "missing IS NULL"] {
                let rows = try connection.query(
                    "SELECT path FROM files WHERE content = $1 AND machine = $2 AND \(condition) LIMIT $3",
                    [.int(content), .text(worker.machine), .int(IndexFile.mostLookedAt + taken.count + 1)]
                )
                for row in 0..<rows.count {
                    let bytes = try rows.bytes(row, 0)
                    guard bytes != own, !taken.contains(bytes) else { continue }
                    let path = FileName.text(of: bytes)
                    if IndexFile.Look.isGone(path) { return path }
                }
            }
            return nil
        }
    }

    package func fileCount(below folder: String) async throws(IndexError) -> Int {
        let scope = PostgresScope(IndexFile.Scope(folder: folder))
        return try await ask { connection, _ in
            try connection.query("SELECT count(*) FROM files f WHERE \(scope.condition)", scope.parameters)
                .int(0, 0)
        }
    }

    // MARK: Writing

    package func commit(_ findings: [IndexFile.Finding]) async throws(IndexError) -> [Int] {
        guard !findings.isEmpty else { return [] }
        let findings = PostgresFindings(findings, hashKey)
        return try await ask { connection, worker in
            try connection.transaction {
                // Whoever forgets contents waits until nobody is adding files to them.
                try connection.query("SELECT pg_advisory_xact_lock_shared(\(worker.lockClass), 0)")
                let ids = try findings.write(to: connection, as: worker)
                try worker.release(findings.claims, connection)
                return ids
            }
        }
    }

    package func release(_ paths: [String], hashes: [[UInt8]]) async throws(IndexError) {
        let claims =
            paths.map { hashKey.claim(ofPath: FileName.bytes(of: $0)) }
            + hashes.map { hashKey.claim(ofHash: $0) }
        try await ask { connection, worker in try worker.release(claims, connection) }
    }

    package func markMissing(
        below folder: String,
        except seen: SeenFiles,
        sparing spared: SparedPaths
    ) async throws(IndexError) -> Int {
        let scope = PostgresScope(IndexFile.Scope(folder: folder))
        let begun = place.begun.withLock { $0 }
        var (count, last) = (0, 0)
        while true {
            let number = scope.parameters.count
            let (after, page) = (last, 10_000)
            let (ids, missing) = try await ask { connection, _ in
                let rows = try connection.query(
                    """
                    SELECT f.id\(spared.isEmpty ? "" : ", f.path") FROM files f
                    WHERE \(scope.condition) AND f.id > $\(number + 1)
                    AND f.written <= $\(number + 2)::text::timestamptz ORDER BY f.id LIMIT \(page)
                    """,
                    scope.parameters + [.int(after), .text(begun)]
                )
                let ids = try rows.ints()
                var missing: [Int] = []
                for (row, id) in ids.enumerated() where !seen.contains(id) {
                    if !spared.isEmpty, spared.contain(try rows.bytes(row, 1)) { continue }
                    missing.append(id)
                }
                return (ids, missing)
            }
            guard let end = ids.last else { return count }
            last = end
            if !missing.isEmpty {
                count += try await mark("f.id = ANY ($1)", [.ints(missing)])
            }
        }
    }

    /// Marks files as missing; their vectors stay.
    ///
    /// - Parameters:
    ///   - paths: of files.
    ///   - gone: of files or folders, with all that is below them.
    /// - Returns: how many.
    package func markMissing(paths: [String], below gone: [String]) async throws(IndexError) -> Int {
        var count = 0
        let named = (paths + gone).map { FileName.bytes(of: $0) }
        if !named.isEmpty {
            count += try await mark(
                "sha256(f.path) IN (SELECT sha256(p) FROM unnest($1) AS p) AND f.missing IS NULL",
                [.list(named)]
            )
        }
        for folder in gone {
            let scope = PostgresScope(IndexFile.Scope(folder: folder))
            count += try await mark(scope.condition, scope.parameters)
        }
        return count
    }

    private func mark(_ condition: String, _ parameters: [PostgresParameter]) async throws(IndexError) -> Int
    {
        try await ask { connection, worker in
            try connection.transaction {
                let rows = try connection.query(
                    "UPDATE files f SET missing = now() WHERE \(condition) AND f.missing IS NULL RETURNING f.content",
                    parameters
                )
                try PostgresFindings.look(at: try rows.ints(), connection, worker)
                return rows.count
            }
        }
    }

    package func prune() async throws(IndexError) -> Int {
        // By pieces, so that no statement takes long, and others can write between them.
        var count = 0
        while true {
            let forgotten = try await ask { connection, _ in
                try connection.query(
                    """
                    WITH gone AS (
                        DELETE FROM files WHERE missing IS NOT NULL
                        AND id IN (SELECT id FROM files WHERE missing IS NOT NULL LIMIT \(Self.piece)) RETURNING 1
                    ) SELECT count(*) FROM gone
                    """
                ).int(0, 0)
            }
            count += forgotten
            if forgotten == 0 { break }
        }
        var last: Int? = 0
        while let after = last {
            last = try await ask { connection, worker in
                try Self.forgetContents(after: after, connection, worker)
            }
        }
        return count
    }

    private static let piece = 10_000

    /// Forgets a piece of those contents that no search finds any more, and no file has.
    ///
    /// - Returns: the number after which to go on; nil at the end.
    private static func forgetContents(
        after last: Int,
        _ connection: PostgresConnection,
        _ worker: PostgresWorker
    ) throws -> Int? {
        try connection.transaction {
            // Nobody may be giving one of them to a file.
            try connection.query("SELECT pg_advisory_xact_lock(\(worker.lockClass), 0)")
            let gone = try connection.query(
                "SELECT id FROM contents WHERE NOT present AND id > $1 ORDER BY id LIMIT \(piece)",
                [.int(last)]
            ).ints()
            let kept = try connection.query(
                "SELECT DISTINCT content FROM files WHERE content = ANY ($1)",
                [.ints(gone)]
            ).ints()
            try connection.query(
                "DELETE FROM contents WHERE id = ANY ($1)",
                [.ints(Set(gone).subtracting(kept).sorted())]
            )
            return gone.last
        }
    }

    /// A database gives room back by itself, when it is vacuumed.
    package func tidy() -> (vectors: Int, bytes: Int)? { nil }

    /// Has searches go through a graph, which is quicker and may miss some of the best, or through all vectors.
    package func setSearch(approximate: Bool) async throws(IndexError) {
        let choice = Array((approximate ? PostgresFacts.graph : PostgresFacts.exact).utf8)
        while try await ask({ [schema] connection, worker in
            let isDone = try PostgresGraph.make(approximate, in: schema, connection, worker)
            if isDone { try PostgresSchema.set(PostgresFacts.search, choice, connection) }
            return !isDone
        }) {
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
