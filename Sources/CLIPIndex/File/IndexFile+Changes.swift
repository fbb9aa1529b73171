internal import CLIPFiles
internal import GRDB

extension IndexFile {
    /// Marks files as missing; their vectors stay.
    ///
    /// - Parameters:
    ///   - paths: of files.
    ///   - gone: of files or folders, with all that is below them.
    /// - Returns: how many.
    package func markMissing(paths: [String], below gone: [String]) throws(IndexError) -> Int {
        guard !paths.isEmpty || !gone.isEmpty else { return 0 }
        return try write { access in
            var count = 0
            for path in paths + gone {
                try access.execute(
                    sql: "UPDATE files SET missing = unixepoch() WHERE path = ? AND missing IS NULL",
                    arguments: [FileName.data(of: path)]
                )
                count += access.changesCount
            }
            for folder in gone {
                let (condition, arguments) = Scope(folder: folder).condition
                try access.execute(
                    sql: "UPDATE files SET missing = unixepoch() WHERE \(condition)",
                    arguments: StatementArguments(arguments)
                )
                count += access.changesCount
            }
            return count
        }
    }
}
