internal import CLIPFiles

/// A Parquet file with the columns `key` (text) and `embedding` (a list of f32 or f16), neither packed nor with statistics.
///
/// If a key is no UTF-8, as names of files need not be, the file's keys are bytes instead of text. The reference is the format's
/// specification 2.11 (`parquet.thrift`), and pyarrow reads what is written.
struct ParquetTable: EmbeddingTable {
    private let file: ShardFile
    private let width: Int
    private let numbers: NumberType
    private var offset = 0
    private var rowGroups: [RowGroup] = []
    private var keys = Chunk()
    private var embeddings = Chunk()
    private var rows = 0
    private var allRows = 0
    private var keysAreText = true

    /// Rows of a row group, which is held in memory until it is whole.
    static let rowsOfGroup = 25_000
    /// A page ends with the row that makes it so long.
    private static let pageSize = 1 << 20

    private struct RowGroup {
        let rows: Int
        let columns: [Column]
    }

    /// A column's part of a row group, as the file has it.
    private struct Column {
        let offset: Int
        let size: Int
        let values: Int
    }

    /// A column's part of a row group, page by page.
    private struct Chunk {
        var pages: [[UInt8]] = []
        /// Of the page that is being filled.
        var values: [UInt8] = []
        var rows = 0

        var size: Int { pages.reduce(0) { $0 + $1.count } }
    }

    init(shard: String, in folder: String, width: Int, numbers: NumberType) throws(OutputError) {
        file = try ShardFile(shard + OutputFormat.parquet.fileEnds[0], ofShard: shard, in: folder)
        (self.width, self.numbers) = (width, numbers)
        try write(Array("PAR1".utf8))
    }

    mutating func append(key: String, _ values: [Float]) throws(OutputError) {
        let bytes = FileName.bytes(of: key)
        if !FileName.isText(key) { keysAreText = false }
        withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { keys.values.append(contentsOf: $0) }
        keys.values += bytes
        keys.rows += 1
        numbers.append(values, to: &embeddings.values)
        embeddings.rows += 1
        if keys.values.count >= Self.pageSize { endPageOfKeys() }
        if embeddings.values.count >= Self.pageSize { endPageOfEmbeddings() }
        rows += 1
        if rows == Self.rowsOfGroup { try endRowGroup() }
    }

    mutating func commit() throws(OutputError) {
        if rows > 0 { try endRowGroup() }
        let footer = footer()
        try write(footer)
        try write(Self.bytes(UInt32(footer.count)) + Array("PAR1".utf8))
        try file.commit()
    }

    private mutating func write(_ bytes: [UInt8]) throws(OutputError) {
        try file.append(bytes)
        offset += bytes.count
    }

    // MARK: Pages

    private mutating func endPageOfKeys() {
        guard keys.rows > 0 else { return }
        keys.pages.append(Self.page(keys.values, values: keys.rows))
        (keys.values, keys.rows) = ([], 0)
    }

    private mutating func endPageOfEmbeddings() {
        guard embeddings.rows > 0 else { return }
        let values = embeddings.rows * width
        // Which numbers begin a list (0) and which go on with it (1), in runs; then that each of them is there.
        var repetitions: [UInt8] = []
        for _ in 0..<embeddings.rows {
            repetitions += Self.run(of: 0, count: 1)
            if width > 1 { repetitions += Self.run(of: 1, count: width - 1) }
        }
        let definitions = Self.run(of: 1, count: values)
        let levels = [repetitions, definitions].flatMap { Self.bytes(UInt32($0.count)) + $0 }
        embeddings.pages.append(Self.page(levels + embeddings.values, values: values))
        (embeddings.values, embeddings.rows) = ([], 0)
    }

    /// A data page of version 1.
    private static func page(_ content: [UInt8], values: Int) -> [UInt8] {
        var header = CompactProtocol()
        header.structure { header in
            header.field(1, Int32(0))
            header.field(2, Int32(content.count))
            header.field(3, Int32(content.count))
            header.field(5) { page in
                page.field(1, Int32(values))
                page.field(2, Encoding.plain.rawValue)
                page.field(3, Encoding.runs.rawValue)
                page.field(4, Encoding.runs.rawValue)
            }
        }
        return header.bytes + content
    }

    private static func run(of level: UInt8, count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        CompactProtocol.append(UInt(count) << 1, to: &bytes)
        return bytes + [level]
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian, Array.init)
    }

    private mutating func endRowGroup() throws(OutputError) {
        endPageOfKeys()
        endPageOfEmbeddings()
        var columns: [Column] = []
        for (chunk, values) in [(keys, rows), (embeddings, rows * width)] {
            columns.append(Column(offset: offset, size: chunk.size, values: values))
            for page in chunk.pages { try write(page) }
        }
        rowGroups.append(RowGroup(rows: rows, columns: columns))
        allRows += rows
        (keys, embeddings, rows) = (Chunk(), Chunk(), 0)
    }

    // MARK: The footer

    /// The numbers of `parquet.thrift`.
    private enum Encoding: Int32 {
        case plain = 0
        case runs = 3
    }

    private enum Physical: Int32 {
        case float = 4
        case bytes = 6
        case fixedBytes = 7
    }

    private enum Repetition: Int32 {
        case required = 0
        case repeated = 2
    }

    private enum Logical: Int {
        case text = 1
        case list = 3
        case half = 15

        /// What older readers know of it.
        var converted: Int32? {
            switch self {
            case .text: 0
            case .list: 3
            case .half: nil
            }
        }
    }

    private var elementType: Physical { numbers == .f32 ? .float : .fixedBytes }

    private func footer() -> [UInt8] {
        var footer = CompactProtocol()
        footer.structure { footer in
            footer.field(1, Int32(2))
            footer.list(2, of: .structure, count: 5) { list in
                list.structure { root in
                    root.field(4, "schema")
                    root.field(5, Int32(2))
                }
                Self.element(&list, "key", .bytes, .required, keysAreText ? .text : nil)
                Self.element(&list, "embedding", nil, .required, .list, children: 1)
                Self.element(&list, "list", nil, .repeated, nil, children: 1)
                Self.element(&list, "element", elementType, .required, numbers == .f16 ? .half : nil)
            }
            footer.field(3, allRows)
            footer.list(4, of: .structure, count: rowGroups.count) { list in
                for group in rowGroups { list.structure { write(group, to: &$0) } }
            }
            footer.field(6, "swift-clip version 1")
        }
        return footer.bytes
    }

    private static func element(
        _ list: inout CompactProtocol,
        _ name: String,
        _ physical: Physical?,
        _ repetition: Repetition,
        _ logical: Logical?,
        children: Int32? = nil
    ) {
        list.structure { element in
            if let physical { element.field(1, physical.rawValue) }
            if physical == .fixedBytes { element.field(2, Int32(2)) }
            element.field(3, repetition.rawValue)
            element.field(4, name)
            if let children { element.field(5, children) }
            if let converted = logical?.converted { element.field(6, converted) }
            if let logical { element.field(10) { $0.field(logical.rawValue) { _ in } } }
        }
    }

    private func write(_ group: RowGroup, to structure: inout CompactProtocol) {
        let size = group.columns.reduce(0) { $0 + $1.size }
        let kinds: [(Physical, [String])] = [
            (.bytes, ["key"]), (elementType, ["embedding", "list", "element"]),
        ]
        structure.list(1, of: .structure, count: group.columns.count) { list in
            for (column, (physical, path)) in zip(group.columns, kinds) {
                list.structure { chunk in
                    chunk.field(2, 0)
                    chunk.field(3) { data in
                        data.field(1, physical.rawValue)
                        data.list(2, of: .int32, count: 2) { list in
                            for encoding in [Encoding.plain, .runs] {
                                list.write(signed: Int(encoding.rawValue))
                            }
                        }
                        data.list(3, of: .binary, count: path.count) { list in
                            for part in path { list.write(part) }
                        }
                        data.field(4, Int32(0))
                        data.field(5, column.values)
                        data.field(6, column.size)
                        data.field(7, column.size)
                        data.field(9, column.offset)
                    }
                }
            }
        }
        structure.field(2, size)
        structure.field(3, group.rows)
        structure.field(5, group.columns[0].offset)
        structure.field(6, size)
    }
}
