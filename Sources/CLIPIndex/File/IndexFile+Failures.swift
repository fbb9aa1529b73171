internal import CLIPFiles
internal import Foundation
internal import GRDB

/// Files that were no pictures.
extension IndexFile {
    package func failures(
        below folder: String?,
        after last: IndexFailure?
    ) throws(IndexError) -> [IndexFailure] {
        let (start, end) = IndexFailure.range(below: folder)
        let after = last.map { FileName.bytes(of: $0.path) } ?? []
        return try read { access in
            let rows = try Row.fetchAll(
                access,
                sql: """
                    SELECT path, bytes, modified, reason FROM failures WHERE path >= ? AND path > ? AND path < ?
                    ORDER BY path LIMIT ?
                    """,
                arguments: [Data(start), Data(after), Data(end), IndexFailure.atOnce]
            )
            return try rows.map { row in
                IndexFailure(
                    path: FileName.text(of: try row.value(0) as Data),
                    look: Look(bytes: try row.value(1), modified: try row.value(2)),
                    reason: try row.value(3)
                )
            }
        }
    }

    package func forget(_ failures: [IndexFailure]) throws(IndexError) -> Int {
        try write { access in
            var count = 0
            for failure in failures {
                try access.execute(
                    sql: "DELETE FROM failures WHERE path = ? AND bytes = ? AND modified = ?",
                    arguments: [
                        FileName.data(of: failure.path), failure.look.bytes, failure.look.modified,
                    ]
                )
                count += access.changesCount
            }
            return count
        }
    }
}
