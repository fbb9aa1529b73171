internal import CLIPEngine

/// Values in the binary form that PostgreSQL sends and receives: numbers with their greatest byte first.
package struct PostgresBytes: Equatable, Sendable {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ more: some Collection<UInt8>) { bytes.append(contentsOf: more) }

    /// A value as a row or a list has it: its length, and then the value; nil is NULL.
    mutating func append(field: [UInt8]?) {
        append(Int32(field?.count ?? -1))
        if let field { append(field) }
    }

    // MARK: Kinds of values

    package static func integer(_ value: Int) -> [UInt8] {
        var result = PostgresBytes()
        result.append(Int64(value))
        return result.bytes
    }

    static func text(_ value: String) -> [UInt8] { Array(value.utf8) }

    /// pgvector's `halfvec`: how many, two bytes that are zero, and 16-bit floats.
    package static func vector(_ values: [Float]) -> [UInt8] {
        var result = PostgresBytes()
        result.append(Int16(truncatingIfNeeded: values.count))
        result.append(Int16(0))
        for value in values { result.append(HalfFloat.bits(of: value)) }
        return result.bytes
    }

    /// The numbers of a `halfvec`; nil if it is none.
    package static func vector(of bytes: [UInt8]) -> [Float]? {
        guard bytes.count >= 4 else { return nil }
        let count = Int(bytes[0]) << 8 | Int(bytes[1])
        guard bytes.count == 4 + 2 * count else { return nil }
        return (0..<count).map { place in
            HalfFloat.value(of: UInt16(bytes[4 + 2 * place]) << 8 | UInt16(bytes[5 + 2 * place]))
        }
    }

    /// A list in one dimension.
    package static func list(_ values: [[UInt8]], of type: UInt32) -> [UInt8] {
        var result = PostgresBytes()
        result.append(Int32(values.isEmpty ? 0 : 1))
        result.append(Int32(0))
        result.append(type)
        guard !values.isEmpty else { return result.bytes }
        result.append(Int32(values.count))
        result.append(Int32(1))
        for value in values { result.append(field: value) }
        return result.bytes
    }

    /// An embedding as it is kept: of length one, or zero where it points nowhere.
    package static func direction(of embedding: [Float]) -> [Float] {
        let length = embedding.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard length > 0, length.isFinite else { return [Float](repeating: 0, count: embedding.count) }
        return embedding.map { Float(Double($0) / length) }
    }
}

/// Rows in the form of `COPY ... (FORMAT binary)` (PostgreSQL's documentation, COPY, Binary Format).
package struct PostgresCopy: Sendable {
    private var data = PostgresBytes()

    package init() {
        data.append(Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00])
        data.append(Int32(0))
        data.append(Int32(0))
    }

    package mutating func append(row fields: [[UInt8]?]) {
        data.append(Int16(fields.count))
        for field in fields { data.append(field: field) }
    }

    /// All rows, with the mark of their end.
    package var bytes: [UInt8] {
        var whole = data
        whole.append(Int16(-1))
        return whole.bytes
    }
}

/// What stands for `$1`, `$2` and so on in a statement.
struct PostgresParameter: Sendable {
    /// The type's number in the server's catalogue; 0 where the statement says it.
    let type: UInt32
    let bytes: [UInt8]

    private static let bytea: UInt32 = 17
    private static let int8: UInt32 = 20

    static func int(_ value: Int) -> PostgresParameter {
        PostgresParameter(type: int8, bytes: PostgresBytes.integer(value))
    }

    static func bytes(_ value: [UInt8]) -> PostgresParameter {
        PostgresParameter(type: bytea, bytes: value)
    }

    static func text(_ value: String) -> PostgresParameter {
        PostgresParameter(type: 25, bytes: PostgresBytes.text(value))
    }

    static func vector(_ value: [Float]) -> PostgresParameter {
        PostgresParameter(type: 0, bytes: PostgresBytes.vector(value))
    }

    static func ints(_ values: [Int]) -> PostgresParameter {
        PostgresParameter(type: 1016, bytes: PostgresBytes.list(values.map(PostgresBytes.integer), of: int8))
    }

    static func list(_ values: [[UInt8]]) -> PostgresParameter {
        PostgresParameter(type: 1001, bytes: PostgresBytes.list(values, of: bytea))
    }
}
