internal import CLIPFiles

/// What a search for duplicates reads of an index in a database.
///
/// All vectors are read once and kept, in 16 bits a number: pairs are compared here, where that takes a small part of the time.
final class PostgresDuplicates: DuplicateSource {
    let hashKey: IndexHashKey
    private let session: PostgresSession
    private let code: VectorCode
    private var set: VectorSet
    /// The low bytes of the set's rows.
    private var lows: [Int8] = []

    /// Opens an index.
    init(_ address: PostgresAddress) throws(IndexError) {
        session = PostgresSession(address) { try PostgresSchema.setUp($0, address) }
        let facts = try session.performNow { try PostgresSchema.open($0, address) }
        hashKey = facts.hashKey
        code = VectorCode(width: facts.model.width)
        set = VectorSet(code: code)
    }

    /// Vectors that are asked for at once.
    private static let atOnce = 4096

    func vectors(in scope: IndexFile.Scope) throws(IndexError) -> (set: VectorSet, rows: [Int]) {
        (set, lows) = (VectorSet(code: code), [])
        let scope = PostgresScope(scope)
        let ids = try session.performNow { connection in
            scope.isAll
                ? try connection.query("SELECT id FROM contents WHERE present ORDER BY id").ints()
                : try connection.query(
                    "SELECT DISTINCT f.content FROM files f WHERE \(scope.condition) ORDER BY f.content",
                    scope.parameters
                ).ints()
        }
        guard (ids.first ?? 1) > 0, (ids.last ?? 0) <= UInt32.max else {
            throw .damaged(
                path: session.address.display,
                what: "a picture has a number that is none of 32 bits"
            )
        }
        for start in stride(from: 0, to: ids.count, by: Self.atOnce) {
            try append(Array(ids[start..<min(start + Self.atOnce, ids.count)]))
        }
        return (set, Array(0..<set.count))
    }

    /// Adds the vectors of contents, ascending; those that were forgotten meanwhile are left out.
    private func append(_ ids: [Int]) throws(IndexError) {
        let found = try session.performNow { connection in
            let rows = try connection.query(
                "SELECT id, embedding FROM contents WHERE id = ANY ($1) AND present ORDER BY id",
                [.ints(ids)]
            )
            var vectors: [[UInt8]] = []
            for row in 0..<rows.count { vectors.append(try rows.bytes(row, 1)) }
            return (ids: try rows.ints(), vectors: vectors)
        }
        let piece = 256
        let pieces = Parallel.map((found.ids.count + piece - 1) / piece) { [code] number in
            found.vectors.dropFirst(number * piece).prefix(piece).map { bytes in
                PostgresBytes.vector(of: bytes).flatMap { $0.count == code.width ? code.row(for: $0) : nil }
            }
        }
        var (high, terms) = ([UInt8](), [VectorCode.Terms]())
        for row in pieces.joined() {
            guard let row else {
                throw .damaged(path: session.address.display, what: "a vector is of another width")
            }
            high += row.high
            lows += row.low
            terms.append(row.terms)
        }
        let appended = high.withUnsafeBytes { bytes in
            Result { () throws(IndexError) in try set.append(high: bytes, terms: terms, ids: found.ids[...]) }
        }
        try appended.get()
    }

    func low(ofContent content: Int) -> [Int8]? {
        set.row(ofContent: content).map { row in
            Array(lows[row * code.rowBytes..<(row + 1) * code.rowBytes])
        }
    }

    func contentsOfSeveralFiles(
        in scope: IndexFile.Scope,
        after content: Int
    ) throws(IndexError) -> [Int] {
        let scope = PostgresScope(scope)
        return try session.performNow { connection in
            try connection.query(
                """
                SELECT f.content FROM files f WHERE \(scope.condition) AND f.content > $\(scope.parameters.count + 1)
                GROUP BY f.content HAVING count(*) > 1 ORDER BY f.content LIMIT 256
                """,
                scope.parameters + [.int(content)]
            ).ints()
        }
    }

    func byteCount(ofContent content: Int) throws(IndexError) -> Int? {
        try session.performNow { connection in
            let rows = try connection.query("SELECT bytes FROM contents WHERE id = $1", [.int(content)])
            return rows.isEmpty ? nil : try rows.int(0, 0)
        }
    }

    func files(
        ofContent content: Int,
        in scope: IndexFile.Scope
    ) throws(IndexError) -> [(path: String, look: IndexFile.Look)] {
        let scope = PostgresScope(scope)
        return try session.performNow { connection in
            let rows = try connection.query(
                """
                SELECT f.path, f.bytes, f.modified FROM files f WHERE \(scope.condition)
                AND f.content = $\(scope.parameters.count + 1) ORDER BY f.path
                """,
                scope.parameters + [.int(content)]
            )
            var files: [(path: String, look: IndexFile.Look)] = []
            for row in 0..<rows.count {
                let look = IndexFile.Look(bytes: try rows.int(row, 1), modified: try rows.int(row, 2))
                files.append((FileName.text(of: try rows.bytes(row, 0)), look))
            }
            return files
        }
    }

    func content(ofHash hash: [UInt8]) throws(IndexError) -> Int? {
        try session.performNow { connection in
            let rows = try connection.query("SELECT id FROM contents WHERE hash = $1", [.bytes(hash)])
            return rows.isEmpty ? nil : try rows.int(0, 0)
        }
    }
}
