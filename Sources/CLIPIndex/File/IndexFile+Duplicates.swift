internal import CLIPFiles
internal import Foundation
internal import GRDB

/// What a search for duplicates reads of an index.
extension IndexFile {
    package func contentsOfSeveralFiles(in scope: Scope, after content: Int) throws(IndexError) -> [Int] {
        let (condition, arguments) = scope.condition
        return try read { access in
            try Int.fetchAll(
                access,
                sql: """
                    SELECT content FROM files WHERE content > ? AND \(condition)
                    GROUP BY content HAVING count(*) > 1 ORDER BY content LIMIT 256
                    """,
                arguments: StatementArguments([content] + arguments)
            )
        }
    }

    package func files(
        ofContent content: Int,
        in scope: Scope
    ) throws(IndexError) -> [(path: String, look: Look)] {
        let (condition, arguments) = scope.condition
        return try read { access in
            try Row.fetchAll(
                access,
                sql: """
                    SELECT path, bytes, modified FROM files WHERE content = ? AND \(condition) ORDER BY path
                    """,
                arguments: StatementArguments([content] + arguments)
            ).map { row -> (path: String, look: Look) in
                (
                    FileName.text(of: try row.value(0) as Data),
                    Look(bytes: try row.value(1), modified: try row.value(2))
                )
            }
        }
    }

    package func byteCount(ofContent content: Int) throws(IndexError) -> Int? {
        try read { access in
            try Int.fetchOne(
                access.cachedStatement(sql: "SELECT bytes FROM contents WHERE id = ?"),
                arguments: [content]
            )
        }
    }
}
