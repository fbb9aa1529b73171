internal import CLIPFiles

/// Files that were no pictures, in a database.
enum PostgresFailures {
    static func read(
        below folder: String?,
        after last: IndexFailure?,
        _ connection: PostgresConnection
    ) throws -> [IndexFailure] {
        let (start, end) = IndexFailure.range(below: folder)
        let rows = try connection.query(
            """
            SELECT path, bytes, modified, reason FROM failures WHERE path >= $1 AND path > $2 AND path < $3
            ORDER BY path LIMIT \(IndexFailure.atOnce)
            """,
            [.bytes(start), .bytes(last.map { FileName.bytes(of: $0.path) } ?? []), .bytes(end)]
        )
        return try (0..<rows.count).map { row in
            IndexFailure(
                path: FileName.text(of: try rows.bytes(row, 0)),
                look: FileLook(bytes: try rows.int(row, 1), modified: try rows.int(row, 2)),
                reason: try rows.text(row, 3)
            )
        }
    }
}

extension PostgresStore {
    package func failures(
        below folder: String?,
        after last: IndexFailure?
    ) async throws(IndexError) -> [IndexFailure] {
        try await ask { connection, _ in try PostgresFailures.read(below: folder, after: last, connection) }
    }

    package func forget(_ failures: [IndexFailure]) async throws(IndexError) -> Int {
        let paths = failures.map { FileName.bytes(of: $0.path) }
        return try await ask { connection, _ in
            try connection.query(
                """
                DELETE FROM failures x USING unnest($1, $2, $3) AS gone (path, bytes, modified)
                WHERE sha256(x.path) = sha256(gone.path) AND x.bytes = gone.bytes AND x.modified = gone.modified
                RETURNING x.bytes
                """,
                [.list(paths), .ints(failures.map(\.look.bytes)), .ints(failures.map(\.look.modified))]
            ).count
        }
    }
}
