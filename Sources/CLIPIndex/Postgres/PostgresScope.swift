internal import CLIPFiles

/// Which files a statement looks at, as a condition on `files f`.
struct PostgresScope: Sendable {
    let condition: String
    /// What stands for `$1` and so on in it.
    let parameters: [PostgresParameter]

    init(_ scope: IndexFile.Scope) {
        var (parts, parameters) = (["f.missing IS NULL"], [PostgresParameter]())
        if let folder = scope.folder {
            let (start, end) = FileName.range(below: folder)
            parameters += [.bytes(start), .bytes(end)]
            parts.append("f.path >= $1 AND f.path < $2")
            // The same of the beginnings alone, by which the rows are found.
            let length = PostgresSchema.start
            parameters += [.bytes(Array(start.prefix(length))), .bytes(Array(end.prefix(length)))]
            let beginning = "substring(f.path FROM 1 FOR \(length))"
            parts.append("\(beginning) >= $3 AND \(beginning) <= $4")
        }
        if let since = scope.since {
            parameters.append(.int(since))
            parts.append("f.modified >= $\(parameters.count)")
        }
        (condition, self.parameters) = (parts.joined(separator: " AND "), parameters)
    }

    /// Whether it is all files that are there.
    var isAll: Bool { parameters.isEmpty }
}
