internal import CPq

/// What a statement answered.
final class PostgresRows {
    private let result: OpaquePointer

    /// - Parameter result: libpq's, which ends with this.
    init(_ result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    var count: Int { Int(PQntuples(result)) }
    var isEmpty: Bool { count == 0 }

    func isNull(_ row: Int, _ column: Int) -> Bool { PQgetisnull(result, CInt(row), CInt(column)) != 0 }

    func bytes(_ row: Int, _ column: Int) throws(PostgresFault) -> [UInt8] {
        guard row < count, column < Int(PQnfields(result)), !isNull(row, column),
            let start = PQgetvalue(result, CInt(row), CInt(column))
        else { throw .unexpected("a value is missing") }
        let length = Int(PQgetlength(result, CInt(row), CInt(column)))
        return Array(UnsafeRawBufferPointer(start: start, count: length))
    }

    /// A `bigint`.
    func int(_ row: Int, _ column: Int) throws(PostgresFault) -> Int {
        let bytes = try bytes(row, column)
        guard bytes.count == 8 else { throw .unexpected("a number is of another kind") }
        return Int(Int64(bitPattern: bytes.reduce(0) { $0 << 8 | UInt64($1) }))
    }

    /// A `real`.
    func float(_ row: Int, _ column: Int) throws(PostgresFault) -> Float {
        let bytes = try bytes(row, column)
        guard bytes.count == 4 else { throw .unexpected("a score is of another kind") }
        return Float(bitPattern: bytes.reduce(0) { $0 << 8 | UInt32($1) })
    }

    func bool(_ row: Int, _ column: Int) throws(PostgresFault) -> Bool { try bytes(row, column) == [1] }

    func text(_ row: Int, _ column: Int) throws(PostgresFault) -> String {
        String(decoding: try bytes(row, column), as: UTF8.self)
    }

    /// The numbers of a column.
    func ints(_ column: Int = 0) throws(PostgresFault) -> [Int] {
        var values: [Int] = []
        values.reserveCapacity(count)
        for row in 0..<count { values.append(try int(row, column)) }
        return values
    }
}
