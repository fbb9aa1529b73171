internal import CLIPFiles
internal import Foundation
internal import GRDB

/// What a search reads of an index.
extension IndexFile {
    /// Changes with every commit of another connection.
    package func version() throws(IndexError) -> Int {
        try read { try Self.version($0) }
    }

    /// Another one for vectors that were put together anew.
    private static func generation(_ access: Database) throws -> Int {
        try Int.fetchOne(access, sql: "SELECT value FROM facts WHERE name = 'generation'") ?? 0
    }

    private static func version(_ access: Database) throws -> Int {
        try Int.fetchOne(access, sql: "PRAGMA data_version") ?? 0
    }

    /// Adds the vectors that a set does not have yet; all of them, if they were put together anew since it was read.
    ///
    /// - Parameter set: what was read before, or nothing.
    /// - Returns: the version that was read.
    @discardableResult
    package func load(into set: inout VectorSet) throws(IndexError) -> Int {
        let before = set
        let rowBytes = code.rowBytes
        let (grown, version) = try read { access in
            let generation = try Self.generation(access)
            var grown =
                before.generation == generation ? before : VectorSet(code: code, generation: generation)
            // A file that nobody has written since an earlier version made it.
            let isEarlier =
                try Bool.fetchOne(
                    access,
                    sql: "SELECT NOT EXISTS (SELECT 1 FROM pragma_table_info('chunks') WHERE name = 'ids')"
                ) ?? true
            let first = grown.count / IndexSchema.chunk
            let chunks = try Row.fetchCursor(
                access,
                sql: """
                    SELECT id, count, high, terms, \(isEarlier ? "NULL" : "ids") FROM chunks WHERE id >= ? ORDER BY id
                    """,
                arguments: [first]
            )
            while let chunk = try chunks.next() {
                let (id, count): (Int, Int) = (try chunk.value(0), try chunk.value(1))
                guard (0...grown.count / IndexSchema.chunk).contains(id) else {
                    throw damaged("chunk \(id) of its vectors is out of order")
                }
                let terms = StoredChunk.terms(try chunk.value(3), count: count, code)
                let known = grown.count - id * IndexSchema.chunk
                let contents = try chunk.value(4) as Data?
                try chunk.withUnsafeData(atIndex: 2) { high in
                    let high = high ?? Data()
                    guard known >= 0, count >= known, count <= IndexSchema.chunk, let terms,
                        high.count == count * rowBytes,
                        let ids = StoredChunk.ids(contents, chunk: id, count: count),
                        (ids.dropFirst(known).first ?? .max) > grown.lastID
                    else {
                        throw damaged("chunk \(id) of its vectors is not whole")
                    }
                    try high.withUnsafeBytes { bytes in
                        try grown.append(
                            high: UnsafeRawBufferPointer(rebasing: bytes[(known * rowBytes)...]),
                            terms: terms[known...],
                            ids: ids.dropFirst(known)
                        )
                    }
                }
            }
            return (grown, try Self.version(access))
        }
        set = grown
        return version
    }

    /// Which files a search looks at.
    package struct Scope: Equatable, Sendable {
        /// Those below this folder, as its path stands in the index; nil for all.
        package var folder: String?
        /// Those that were written at this time or later, in nanoseconds since 1970.
        package var since: Int?

        package init(folder: String? = nil, since: Int? = nil) {
            (self.folder, self.since) = (folder, since)
        }

        /// By bytes: texts that look alike may be different folders.
        package static func == (one: Scope, other: Scope) -> Bool {
            let areOneFolder =
                switch (one.folder, other.folder) {
                case (nil, nil): true
                case (let folder?, let another?): folder.utf8.elementsEqual(another.utf8)
                default: false
                }
            return areOneFolder && one.since == other.since
        }

        /// A condition on `files`, and what stands for its question marks.
        var condition: (String, [(any DatabaseValueConvertible)?]) {
            var (parts, arguments) = (["missing IS NULL"], [(any DatabaseValueConvertible)?]())
            if let folder {
                let (start, end) = FileName.range(below: folder)
                parts.append("path >= ? AND path < ?")
                arguments += [Data(start), Data(end)]
            }
            if let since {
                parts.append("modified >= ?")
                arguments.append(since)
            }
            return (parts.joined(separator: " AND "), arguments)
        }
    }

    /// For each row of vectors, whether a file of the scope has it.
    package func rows(in scope: Scope, of set: VectorSet) throws(IndexError) -> [Bool] {
        let (condition, arguments) = scope.condition
        return try read { access in
            var rows = [Bool](repeating: false, count: set.count)
            let contents = try Int.fetchCursor(
                access,
                sql: "SELECT content FROM files WHERE \(condition)",
                arguments: StatementArguments(arguments)
            )
            // What came after the vectors were read is not looked at.
            while let content = try contents.next() {
                guard content > 0 else { throw damaged("a file has no vector") }
                if let row = set.row(ofContent: content) { rows[row] = true }
            }
            return rows
        }
    }

    /// The first paths of a content's files within a scope, in order, and how many there are.
    func firstPaths(
        _ most: Int,
        ofContent content: Int,
        in scope: Scope
    ) throws(IndexError) -> (paths: [String], count: Int) {
        let (condition, arguments) = scope.condition
        let files = "FROM files WHERE content = ? AND \(condition)"
        return try read { access in
            let paths = try Data.fetchAll(
                access,
                sql: "SELECT path \(files) ORDER BY path LIMIT ?",
                arguments: StatementArguments([content] + arguments + [most])
            ).map { FileName.text(of: $0) }
            guard paths.count == most else { return (paths, paths.count) }
            let count = try Int.fetchOne(
                access,
                sql: "SELECT count(*) \(files)",
                arguments: StatementArguments([content] + arguments)
            )
            return (paths, count ?? paths.count)
        }
    }

    /// The paths of a content's files within a scope, in order.
    package func paths(ofContent content: Int, in scope: Scope) throws(IndexError) -> [String] {
        let (condition, arguments) = scope.condition
        return try read { access in
            try Data.fetchAll(
                access,
                sql: "SELECT path FROM files WHERE content = ? AND \(condition) ORDER BY path",
                arguments: StatementArguments([content] + arguments)
            ).map { FileName.text(of: $0) }
        }
    }

    /// The low bytes of a vector; nil where its content was forgotten meanwhile.
    package func low(ofContent content: Int) throws(IndexError) -> [Int8]? {
        let count = code.rowBytes
        return try read { access in
            let low = try Data.fetchOne(
                access.cachedStatement(sql: "SELECT low FROM tails WHERE id = ?"),
                arguments: [content]
            )
            guard let low else {
                let isThere = try Bool.fetchOne(
                    access,
                    sql: "SELECT EXISTS (SELECT 1 FROM contents WHERE id = ?)",
                    arguments: [content]
                )
                guard isThere == false else { throw damaged("the rest of vector \(content) is not there") }
                return nil
            }
            guard low.count == count else { throw damaged("the rest of vector \(content) is not whole") }
            return low.map { Int8(bitPattern: $0) }
        }
    }

    /// The first file that has a content, in the order of their paths; nil where none is there.
    package func file(ofContent content: Int) throws(IndexError) -> (path: String, look: Look)? {
        try read { access in
            let row = try Row.fetchOne(
                access.cachedStatement(
                    sql: """
                        SELECT path, bytes, modified FROM files WHERE content = ? AND missing IS NULL ORDER BY path LIMIT 1
                        """
                ),
                arguments: [content]
            )
            return try row.map { row in
                (
                    FileName.text(of: try row.value(0) as Data),
                    Look(bytes: try row.value(1), modified: try row.value(2))
                )
            }
        }
    }

    /// The content of a path; nil where the index does not have it.
    package func content(ofPath path: String) throws(IndexError) -> Int? {
        let path = FileName.data(of: path)
        return try read { access in
            try Int.fetchOne(
                access,
                sql: "SELECT content FROM files WHERE path = ? AND missing IS NULL",
                arguments: [path]
            )
        }
    }
}
