internal import CLIPFiles
internal import Foundation
internal import GRDB

/// What brings an index up to date.
extension IndexFile {
    /// How a file looks from outside.
    package struct Look: Equatable, Sendable {
        package let bytes: Int
        /// When it was written last, in nanoseconds since 1970.
        package let modified: Int

        package init(bytes: Int, modified: Int) {
            (self.bytes, self.modified) = (bytes, modified)
        }
    }

    /// What the index knows of a path.
    package enum Known: Equatable, Sendable {
        /// It has the file as it is.
        case current(id: Int)
        /// The file was no picture when it looked like this.
        case failed(reason: String)
        /// It is new, or has changed.
        case unknown
    }

    package func known(_ path: String, _ look: Look) throws(IndexError) -> Known {
        let path = Data(FileName.bytes(of: path))
        return try read { access in
            let row = try Row.fetchOne(
                access.cachedStatement(sql: "SELECT id, bytes, modified FROM files WHERE path = ?"),
                arguments: [path]
            )
            if let row, try row.value(1) == look.bytes, try row.value(2) == look.modified {
                return .current(id: try row.value(0))
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
    package func commit(_ findings: [Finding]) throws(IndexError) {
        guard !findings.isEmpty else { return }
        try write { access in
            var tail = try VectorTail(access, code)
            for finding in findings {
                let path = Data(FileName.bytes(of: finding.path))
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
                try access.execute(
                    sql: """
                        INSERT INTO files (path, content, bytes, modified) VALUES (?, ?, ?, ?)
                        ON CONFLICT (path) DO UPDATE SET content = excluded.content, bytes = excluded.bytes,
                            modified = excluded.modified, missing = NULL
                        """,
                    arguments: [path, content, finding.look.bytes, finding.look.modified]
                )
            }
            try tail.write(to: access)
        }
    }
}

/// The last chunk of vectors, and those that are added to it.
private struct VectorTail {
    private let code: VectorCode
    private var chunk: Int
    private var high: Data
    private var terms: [Float]

    init(_ access: Database, _ code: VectorCode) throws {
        self.code = code
        let last = try Row.fetchOne(
            access,
            sql: "SELECT id, high, terms FROM chunks ORDER BY id DESC LIMIT 1"
        )
        chunk = try last?.value(0) ?? 0
        high = try last?.value(1) ?? Data()
        terms = Floats.read(try last?.value(2) ?? Data())
    }

    private var count: Int { terms.count / 2 }

    /// - Returns: the content's id.
    mutating func append(_ embedding: [Float], hash: [UInt8], bytes: Int, _ access: Database) throws -> Int {
        if count == IndexSchema.chunk {
            try write(to: access)
            (chunk, high, terms) = (chunk + 1, Data(), [])
        }
        let row = code.row(for: embedding)
        let id = chunk * IndexSchema.chunk + count + 1
        high.append(contentsOf: row.high)
        terms += [row.terms.scale, row.terms.error]
        try access.execute(sql: "INSERT INTO contents VALUES (?, ?, ?)", arguments: [id, Data(hash), bytes])
        let low = row.low.withUnsafeBytes { Data($0) }
        try access.execute(sql: "INSERT INTO tails VALUES (?, ?)", arguments: [id, low])
        return id
    }

    func write(to access: Database) throws {
        guard count > 0 else { return }
        try access.execute(
            sql: "INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?)",
            arguments: [chunk, count, high, Floats.data(terms)]
        )
    }
}
