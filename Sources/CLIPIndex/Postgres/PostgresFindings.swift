internal import CLIPFiles

/// What was found out about files, as it goes into the tables: sent by `COPY` into a table of the connection, and spread from there.
struct PostgresFindings: Sendable {
    private let rows: [UInt8]
    /// What was claimed for it.
    let claims: [[UInt8]]
    /// Hashes of the contents that come with their vectors.
    private let hashes: [[UInt8]]
    /// Numbers of those that have theirs.
    private let contents: [Int]

    /// A table that only the connection sees.
    static let table = """
        CREATE TEMP TABLE IF NOT EXISTS findings (
            place bigint NOT NULL, path bytea NOT NULL, bytes bigint NOT NULL, modified bigint NOT NULL,
            content bigint, hash bytea, embedding halfvec, origin bytea, reason text
        ) ON COMMIT DELETE ROWS
        """

    init(_ findings: [IndexFile.Finding], _ hashKey: IndexHashKey) {
        var copy = PostgresCopy()
        var (claims, hashes, contents): ([[UInt8]], [[UInt8]], [Int]) = ([], [], [])
        for (place, finding) in findings.enumerated() {
            let path = FileName.bytes(of: finding.path)
            claims.append(hashKey.claim(ofPath: path))
            var (content, hash, embedding): ([UInt8]?, [UInt8]?, [UInt8]?) = (nil, nil, nil)
            var (origin, reason): ([UInt8]?, [UInt8]?) = (nil, nil)
            switch finding.result {
            case .known(let id):
                content = PostgresBytes.integer(id)
                contents.append(id)
            case .moved(let from, let id):
                (content, origin) = (PostgresBytes.integer(id), FileName.bytes(of: from))
                contents.append(id)
            case .embedded(let key, let vector):
                hash = key
                hashes.append(key)
                embedding = PostgresBytes.vector(PostgresBytes.direction(of: vector))
                claims.append(hashKey.claim(ofHash: key))
            case .failed(let text): reason = Self.plain(text)
            }
            copy.append(row: [
                PostgresBytes.integer(place), path, PostgresBytes.integer(finding.look.bytes),
                PostgresBytes.integer(finding.look.modified), content, hash, embedding, origin, reason,
            ])
        }
        (rows, self.claims) = (copy.bytes, claims)
        (self.hashes, self.contents) = (hashes, contents)
    }

    /// Signs that a database of any encoding can keep.
    private static func plain(_ text: String) -> [UInt8] {
        text.unicodeScalars.map { (0x20..<0x7F).contains($0.value) ? UInt8($0.value) : UInt8(ascii: "?") }
    }

    /// Within a transaction.
    ///
    /// Statements name contents by their numbers, and never together with files: so they may be on other machines than files are.
    ///
    /// - Returns: the numbers of the files that have vectors.
    func write(to connection: PostgresConnection, as worker: PostgresWorker) throws -> [Int] {
        try connection.copy("COPY pg_temp.findings FROM STDIN (FORMAT binary)", rows)
        try insertContents(connection, worker)
        let contents = try connection.query(
            "SELECT DISTINCT content FROM pg_temp.findings WHERE content IS NOT NULL"
        ).ints()
        let left = try connection.query(
            """
            SELECT DISTINCT f.content FROM pg_temp.findings p JOIN files f ON sha256(f.path) = sha256(p.path)
            WHERE f.content IS DISTINCT FROM p.content
            UNION SELECT f.content FROM pg_temp.findings p JOIN files f ON sha256(f.path) = sha256(p.origin)
            """
        ).ints()
        // Nobody decides meanwhile that none of their files is there.
        try worker.hold(contents + left, connection)
        try connection.execute(
            """
            DELETE FROM files f USING pg_temp.findings p
            WHERE sha256(f.path) = sha256(CASE WHEN p.reason IS NULL THEN p.origin ELSE p.path END)
            """
        )
        try connection.execute(
            "DELETE FROM failures x USING pg_temp.findings p WHERE sha256(x.path) = sha256(p.path)"
        )
        try connection.execute(
            """
            INSERT INTO failures SELECT DISTINCT ON (sha256(path)) path, bytes, modified, reason FROM pg_temp.findings
            WHERE reason IS NOT NULL ORDER BY sha256(path), place DESC
            ON CONFLICT (sha256(path))
            DO UPDATE SET bytes = excluded.bytes, modified = excluded.modified, reason = excluded.reason
            """
        )
        let ids = try connection.query(
            """
            INSERT INTO files (path, content, bytes, modified, machine)
            SELECT DISTINCT ON (sha256(path)) path, content, bytes, modified, $1 FROM pg_temp.findings
            WHERE content IS NOT NULL ORDER BY sha256(path), place DESC
            ON CONFLICT (sha256(path)) DO UPDATE SET content = excluded.content, bytes = excluded.bytes,
                modified = excluded.modified, missing = NULL, machine = excluded.machine, written = clock_timestamp()
            RETURNING id
            """,
            [.text(worker.machine)]
        ).ints()
        try connection.query(
            "UPDATE contents SET present = true WHERE NOT present AND id = ANY ($1)",
            [.ints(contents)]
        )
        try Self.look(atHeld: left, connection)
        return ids
    }

    /// Writes vectors that are new, and has each finding know the number of its content.
    private func insertContents(_ connection: PostgresConnection, _ worker: PostgresWorker) throws {
        if !hashes.isEmpty {
            // In the order of their hashes: of two who write the same one waits for the other, and not each for the other.
            try connection.execute(
                """
                INSERT INTO contents (hash, bytes, embedding) SELECT DISTINCT ON (hash) hash, bytes, embedding
                FROM pg_temp.findings WHERE hash IS NOT NULL ORDER BY hash ON CONFLICT (hash) DO NOTHING
                """
            )
            let rows = try connection.query(
                "SELECT hash, id FROM contents WHERE hash = ANY ($1)",
                [.list(hashes)]
            )
            var known: [[UInt8]] = []
            for row in 0..<rows.count { known.append(try rows.bytes(row, 0)) }
            try connection.query(
                """
                UPDATE pg_temp.findings p SET content = known.id
                FROM unnest($1, $2) AS known (hash, id) WHERE known.hash = p.hash
                """,
                [.list(known), .ints(try rows.ints(1))]
            )
        }
        guard !contents.isEmpty else { return }
        // A content that was forgotten meanwhile has no row: its files come again with the next run.
        let there = try connection.query("SELECT id FROM contents WHERE id = ANY ($1)", [.ints(contents)])
        try connection.query(
            "UPDATE pg_temp.findings SET content = NULL WHERE hash IS NULL AND content <> ALL ($1)",
            [.ints(try there.ints())]
        )
    }

    /// Has contents found no more of which no file is there.
    static func look(
        at contents: [Int],
        _ connection: PostgresConnection,
        _ worker: PostgresWorker
    ) throws {
        // First held and then looked at, so that what others have just written is seen.
        try worker.hold(contents, connection)
        try look(atHeld: contents, connection)
    }

    private static func look(atHeld contents: [Int], _ connection: PostgresConnection) throws {
        guard !contents.isEmpty else { return }
        let there = try connection.query(
            "SELECT DISTINCT content FROM files WHERE content = ANY ($1) AND missing IS NULL",
            [.ints(contents)]
        )
        let gone = Set(contents).subtracting(try there.ints())
        try connection.query(
            "UPDATE contents SET present = false WHERE present AND id = ANY ($1)",
            [.ints(gone.sorted())]
        )
    }
}
