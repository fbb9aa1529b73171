package import CLIPFiles
internal import Foundation
internal import GRDB

/// What brings an index up to date.
extension IndexFile {
    package typealias Look = FileLook

    /// What the index knows of a path.
    package enum Known: Equatable, Sendable {
        /// It has the file as it is; or had, before the file went missing.
        case current(id: Int, isMissing: Bool)
        /// The file was no picture when it looked like this.
        case failed(reason: String)
        /// It is new, or has changed.
        case unknown
    }

    package func known(_ path: String, _ look: Look) throws(IndexError) -> Known {
        let path = FileName.data(of: path)
        return try read { access in
            let row = try Row.fetchOne(
                access.cachedStatement(
                    sql: "SELECT id, bytes, modified, missing IS NOT NULL FROM files WHERE path = ?"
                ),
                arguments: [path]
            )
            if let row, try row.value(1) == look.bytes, try row.value(2) == look.modified {
                return .current(id: try row.value(0), isMissing: try row.value(3))
            }
            let reason = try String.fetchOne(
                access.cachedStatement(
                    sql: "SELECT reason FROM failures WHERE path = ? AND bytes = ? AND modified = ?"
                ),
                arguments: [path, look.bytes, look.modified]
            )
            return reason.map(Known.failed) ?? .unknown
        }
    }

    /// Where the vector of a content is kept; nil where there is none.
    package func content(ofHash hash: [UInt8]) throws(IndexError) -> Int? {
        try read { access in
            try Int.fetchOne(
                access.cachedStatement(sql: "SELECT id FROM contents WHERE hash = ?"),
                arguments: [Data(hash)]
            )
        }
    }

    /// Something that was found out about a file.
    package struct Finding: Sendable {
        package enum Result: Sendable {
            /// It has bytes whose vector is kept.
            case known(content: Int)
            /// It has such bytes, and was elsewhere before.
            case moved(from: String, content: Int)
            /// It has bytes of this hash, and this embedding.
            case embedded(hash: [UInt8], [Float])
            /// It is no picture.
            case failed(reason: String)
        }

        package let path: String
        package let look: Look
        package let result: Result

        package init(path: String, look: Look, result: Result) {
            (self.path, self.look, self.result) = (path, look, result)
        }
    }

    /// Writes what was found out, all of it or nothing.
    ///
    /// - Returns: the numbers of the files that have vectors.
    @discardableResult
    package func commit(_ findings: [Finding]) throws(IndexError) -> [Int] {
        guard !findings.isEmpty else { return [] }
        return try write { access in
            var tail = try VectorTail(access, self)
            var ids: [Int] = []
            for finding in findings {
                let path = FileName.data(of: finding.path)
                let content: Int
                switch finding.result {
                case .failed(let reason):
                    try access.execute(sql: "DELETE FROM files WHERE path = ?", arguments: [path])
                    try access.execute(
                        sql: "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?)",
                        arguments: [path, finding.look.bytes, finding.look.modified, reason]
                    )
                    continue
                case .known(let known): content = known
                case .moved(let origin, let known):
                    content = known
                    let origin = FileName.data(of: origin)
                    try access.execute(sql: "DELETE FROM files WHERE path = ?", arguments: [origin])
                case .embedded(let hash, let embedding):
                    // Two files of equal bytes may have been under way together.
                    let same = try Int.fetchOne(
                        access.cachedStatement(sql: "SELECT id FROM contents WHERE hash = ?"),
                        arguments: [Data(hash)]
                    )
                    content =
                        try same ?? tail.append(embedding, hash: hash, bytes: finding.look.bytes, access)
                }
                try access.execute(sql: "DELETE FROM failures WHERE path = ?", arguments: [path])
                let id = try Int.fetchOne(
                    access.cachedStatement(
                        sql: """
                            INSERT INTO files (path, content, bytes, modified) VALUES (?, ?, ?, ?)
                            ON CONFLICT (path) DO UPDATE SET content = excluded.content, bytes = excluded.bytes,
                                modified = excluded.modified, missing = NULL
                            RETURNING id
                            """
                    ),
                    arguments: [path, content, finding.look.bytes, finding.look.modified]
                )
                if let id { ids.append(id) }
            }
            try tail.write(to: access)
            return ids
        }
    }
}

/// What the index has and the disk has not.
extension IndexFile {
    /// A path of a content whose file has gone; nil where those that are looked at have not.
    ///
    /// So many are looked at of those that are missing, and of the others: a picture may have any number of copies, each of which asks.
    ///
    /// - Parameters:
    ///   - path: the file that has the content now.
    ///   - taken: those that other files have come from.
    package func leftPath(
        ofContent content: Int,
        besides path: String,
        taken: Set<[UInt8]>
    ) throws(IndexError) -> String? {
        let own = FileName.bytes(of: path)
        for condition in ["missing IS NOT NULL", "missing IS NULL"] {
            let paths = try read { access in
                var paths: [[UInt8]] = []
                let rows = try Data.fetchCursor(
                    access.cachedStatement(sql: "SELECT path FROM files WHERE content = ? AND \(condition)"),
                    arguments: [content]
                )
                while paths.count < Self.mostLookedAt, let row = try rows.next() {
                    let bytes = Array(row)
                    if bytes != own, !taken.contains(bytes) { paths.append(bytes) }
                }
                return paths
            }
            let left = paths.lazy.map { FileName.text(of: $0) }.first { Look.isGone($0) }
            if let left { return left }
        }
        return nil
    }

    /// Paths that are looked at for one that was left.
    static let mostLookedAt = 64

    /// How many files it has below a folder, those aside that are missing.
    package func fileCount(below folder: String) throws(IndexError) -> Int {
        let (condition, arguments) = Scope(folder: folder).condition
        return try read { access in
            try Int.fetchOne(
                access,
                sql: "SELECT count(*) FROM files WHERE \(condition)",
                arguments: StatementArguments(arguments)
            ) ?? 0
        }
    }

    /// Marks files below a folder as missing; their vectors stay.
    ///
    /// - Parameters:
    ///   - seen: those that are there.
    ///   - spared: what could not be looked at stays as it is.
    /// - Returns: how many.
    package func markMissing(
        below folder: String,
        except seen: SeenFiles,
        sparing spared: SparedPaths = SparedPaths()
    ) throws(IndexError) -> Int {
        let (condition, arguments) = Scope(folder: folder).condition
        return try write { access in
            let rows = try Row.fetchCursor(
                access,
                sql: "SELECT id, path FROM files WHERE \(condition)",
                arguments: StatementArguments(arguments)
            )
            var missing: [Int] = []
            while let row = try rows.next() {
                let id: Int = try row.value(0)
                guard !seen.contains(id) else { continue }
                if !spared.isEmpty, spared.contain(Array(try row.value(1) as Data)) { continue }
                missing.append(id)
            }
            for id in missing {
                try access.execute(
                    sql: "UPDATE files SET missing = unixepoch() WHERE id = ?",
                    arguments: [id]
                )
            }
            return missing.count
        }
    }

    /// Forgets files that are missing, and the contents that no file has any more.
    ///
    /// - Returns: how many files.
    package func prune() throws(IndexError) -> Int {
        try write { access in
            try access.execute(sql: "DELETE FROM files WHERE missing IS NOT NULL")
            let count = access.changesCount
            try access.execute(
                sql: """
                    DELETE FROM tails WHERE id NOT IN (SELECT content FROM files);
                    DELETE FROM contents WHERE id NOT IN (SELECT content FROM files);
                    """
            )
            return count
        }
    }
}
