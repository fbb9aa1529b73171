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

    package func byteCount(ofContent content: Int) throws(IndexError) -> Int? {
        try read { access in
            try Int.fetchOne(
                access.cachedStatement(sql: "SELECT bytes FROM contents WHERE id = ?"),
                arguments: [content]
            )
        }
    }
}
