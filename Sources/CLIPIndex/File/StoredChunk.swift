internal import Foundation
internal import GRDB

/// A row of `chunks`: vectors that lie one behind the other.
struct StoredChunk {
    let id: Int
    var high: Data
    var terms: [VectorCode.Terms]
    /// The contents of the vectors, ascending.
    var ids: [Int]

    var count: Int { ids.count }

    /// The numbers of contents have 32 bits.
    private static let most = Int(UInt32.max) / IndexSchema.chunk

    /// Begins a chunk.
    init(id: Int) { (self.id, high, terms, ids) = (id, Data(), [], []) }

    /// Reads a chunk; nil where there is none.
    ///
    /// - Throws: `damaged` where it is not whole.
    init?(id: Int, of file: IndexFile, _ access: Database) throws {
        let row = try Row.fetchOne(
            access,
            sql: "SELECT count, high, terms, ids FROM chunks WHERE id = ?",
            arguments: [id]
        )
        guard let row else { return nil }
        let count: Int = try row.value(0)
        (self.id, high) = (id, try row.value(1))
        guard id >= 0, id < Self.most, count >= 0, count <= IndexSchema.chunk,
            let terms = Self.terms(try row.value(2), count: count, file.code),
            high.count == count * file.code.rowBytes,
            let ids = Self.ids(try row.value(3), chunk: id, count: count)
        else { throw file.damaged("chunk \(id) of its vectors is not whole") }
        (self.terms, self.ids) = (terms, ids)
    }

    /// What stands beside the rows of a chunk; nil where it cannot be that of vectors of length one.
    ///
    /// A search takes it for true: an error that is too large would have every row looked at, and a scale could make any score.
    static func terms(_ stored: Data, count: Int, _ code: VectorCode) -> [VectorCode.Terms]? {
        guard (0...IndexSchema.chunk).contains(count), stored.count == 8 * count else { return nil }
        let numbers = Floats.read(stored)
        let terms = (0..<count).map { VectorCode.Terms(scale: numbers[2 * $0], error: numbers[2 * $0 + 1]) }
        return terms.allSatisfy(code.canBe) ? terms : nil
    }

    /// The contents of a chunk's vectors; nil where what is stored cannot be that.
    ///
    /// - Parameter stored: nil where a content's id says where its vector is.
    static func ids(_ stored: Data?, chunk: Int, count: Int) -> [Int]? {
        let first = chunk * IndexSchema.chunk
        guard let stored else { return Array(first + 1..<first + 1 + count) }
        guard stored.count == 4 * count else { return nil }
        let ids = stored.withUnsafeBytes { bytes in
            (0..<count).map {
                Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
            }
        }
        // A vector lies before or at the place that its content's id would give it.
        guard (ids.first ?? first + 1) > first, zip(ids, ids.dropFirst()).allSatisfy({ $0 < $1 }) else {
            return nil
        }
        return ids
    }

    mutating func append(_ row: some Collection<UInt8>, _ terms: VectorCode.Terms, id: Int) {
        high.append(contentsOf: row)
        self.terms.append(terms)
        ids.append(id)
    }

    func write(to access: Database) throws {
        guard count > 0 else { return }
        let first = id * IndexSchema.chunk + 1
        var stored: Data?
        if ids.first != first || ids.last != first + count - 1 {
            var bytes = Data(capacity: 4 * count)
            for id in ids {
                withUnsafeBytes(of: UInt32(truncatingIfNeeded: id).littleEndian) {
                    bytes.append(contentsOf: $0)
                }
            }
            stored = bytes
        }
        try access.execute(
            sql: "INSERT OR REPLACE INTO chunks (id, count, high, terms, ids) VALUES (?, ?, ?, ?, ?)",
            arguments: [id, count, high, Floats.data(terms.flatMap { [$0.scale, $0.error] }), stored]
        )
    }
}

/// The last chunk of vectors, and those that are added to it.
struct VectorTail {
    private let code: VectorCode
    private var chunk: StoredChunk
    /// The content that comes next.
    ///
    /// No number is given twice, even if the content that had it was forgotten: others may
    /// still hold it.
    private var next: Int

    init(_ access: Database, _ file: IndexFile) throws {
        code = file.code
        let last = try Int.fetchOne(access, sql: "SELECT max(id) FROM chunks")
        chunk = try last.flatMap { try StoredChunk(id: $0, of: file, access) } ?? StoredChunk(id: 0)
        let greatest = max(chunk.ids.last ?? 0, try Int.fetchOne(access, sql: Self.lastSQL) ?? 0)
        guard (0..<Self.mostContents).contains(greatest) else {
            throw file.damaged("its contents have numbers that are too large")
        }
        next = greatest + 1
    }

    private static let mostContents = Int(UInt32.max)
    private static let lastSQL = "SELECT value FROM facts WHERE name = 'last content'"

    /// - Returns: the content's id.
    mutating func append(_ embedding: [Float], hash: [UInt8], bytes: Int, _ access: Database) throws -> Int {
        if chunk.count == IndexSchema.chunk {
            try write(to: access)
            chunk = StoredChunk(id: chunk.id + 1)
        }
        let row = code.row(for: embedding)
        let id = next
        next += 1
        chunk.append(row.high, row.terms, id: id)
        try access.execute(sql: "INSERT INTO contents VALUES (?, ?, ?)", arguments: [id, Data(hash), bytes])
        let low = row.low.withUnsafeBytes { Data($0) }
        try access.execute(sql: "INSERT INTO tails VALUES (?, ?)", arguments: [id, low])
        return id
    }

    func write(to access: Database) throws { try chunk.write(to: access) }
}

extension VectorCode {
    /// Whether a row can have these terms: no number of a vector is greater than one, and none is off by more than half a step.
    func canBe(_ terms: Terms) -> Bool {
        // A little more, for what floats round. Comparisons with what is no number are false.
        terms.scale >= 0 && terms.scale <= 1.001 / 127
            && terms.error >= 0 && terms.error <= 1.001 * terms.scale * Float(width).squareRoot() / 2
    }
}
