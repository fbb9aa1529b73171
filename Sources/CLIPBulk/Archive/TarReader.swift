/// Reads a tar archive from its beginning to its end, without holding more of it than one file that is asked for.
///
/// It knows POSIX's ustar and pax formats and GNU's, and stops where Python's `tarfile` stops: at the first block of zeros, and where
/// the file ends behind a whole member. Anything else that ends it is an error.
package struct TarReader {
    /// A member of the archive.
    package struct Entry: Equatable, Sendable {
        package enum Kind: Sendable {
            case file
            case folder
            /// A link, a device, a pipe or something of somebody's own.
            case other
            /// A file of which only the parts are there that are not zero.
            case sparse
        }

        package let kind: Kind
        package let name: [UInt8]
        /// Of what is read, in bytes.
        package let size: Int
    }

    private let stream: ArchiveStream
    /// What is left of the present member, and what fills up its last block.
    private var (rest, filling) = (0, 0)
    /// Where the present member's header is.
    private var start = 0
    private var isOver = false
    private var global = PaxRecords()

    /// The most bytes of records and names that come before a member, and the longest name.
    package static let (mostHeaderBytes, longestName) = (1 << 20, 4096)
    /// The most headers that may come before one member.
    private static let mostHeaders = 64

    package init(_ stream: ArchiveStream) {
        self.stream = stream
    }

    /// The next member; nil at the end.
    ///
    /// What was not read of the last one is passed over.
    package mutating func next() throws(ArchiveError) -> Entry? {
        guard !isOver else { return nil }
        do throws(ArchiveError) {
            let entry = try nextEntry()
            if entry == nil { isOver = true }
            return entry
        } catch {
            isOver = true
            throw error
        }
    }

    /// The present member's bytes, or its first ones.
    ///
    /// - Parameter limit: the most that are wanted.
    package mutating func content(limit: Int) throws(ArchiveError) -> [UInt8] {
        let count = min(rest, limit)
        let bytes = try stream.take(count)
        rest -= bytes.count
        guard bytes.count == count else {
            isOver = true
            throw .cut(offset: start)
        }
        return bytes
    }

    private mutating func nextEntry() throws(ArchiveError) -> Entry? {
        guard try stream.skip(rest), try stream.skip(filling) else { throw .cut(offset: start) }
        (rest, filling) = (0, 0)
        var records = PaxRecords()
        for _ in 0..<Self.mostHeaders {
            let offset = stream.offset
            guard let header = try header() else {
                // Headers that belong to a member which does not come.
                guard records.name == nil, records.size == nil, !records.isSparse else {
                    throw .cut(offset: offset)
                }
                return nil
            }
            switch header.kind {
            case .longName:
                let name = TarHeader.text(try extra(header, at: offset)[...])
                if records.path == nil { records.path = name }
            case .longTarget: _ = try extra(header, at: offset)
            case .records: records.complete(with: try PaxRecords(try extra(header, at: offset), at: offset))
            case .globalRecords:
                var later = try PaxRecords(try extra(header, at: offset), at: offset)
                later.complete(with: global)
                global = later
            case .file, .folder, .empty, .sparse, .other:
                records.complete(with: global)
                return try entry(header, records, at: offset)
            }
        }
        throw .headerTooLong(offset: stream.offset, limit: Self.mostHeaderBytes)
    }

    /// The next header; nil at the end.
    private func header() throws(ArchiveError) -> TarHeader? {
        let offset = stream.offset
        let block = try stream.take(TarHeader.length)
        guard !block.isEmpty || offset == 0 else { return nil }
        if offset == 0, block.count < TarHeader.length { throw Self.notAnArchive(block) }
        guard block.count == TarHeader.length else { throw .cut(offset: offset) }
        guard block.contains(where: { $0 != 0 }) else { return nil }
        do throws(ArchiveError) {
            return try TarHeader(block, at: offset)
        } catch {
            if offset == 0, case .badHeader = error { throw Self.notAnArchive(block) }
            throw error
        }
    }

    /// What a header has of names and records.
    private func extra(_ header: TarHeader, at offset: Int) throws(ArchiveError) -> [UInt8] {
        guard header.size <= Self.mostHeaderBytes else {
            throw .headerTooLong(offset: offset, limit: Self.mostHeaderBytes)
        }
        let bytes = try stream.take(header.size)
        let filling = (TarHeader.filledUp(header.size) ?? header.size) - header.size
        guard bytes.count == header.size, try stream.skip(filling) else { throw .cut(offset: offset) }
        return bytes
    }

    private mutating func entry(
        _ header: TarHeader,
        _ records: PaxRecords,
        at offset: Int
    ) throws(ArchiveError) -> Entry {
        let name = records.name ?? header.name
        guard name.count <= Self.longestName else {
            throw .headerTooLong(offset: offset, limit: Self.longestName)
        }
        let size = records.size ?? header.size
        start = offset
        var kind = Entry.Kind.other
        switch header.kind {
        // Some write there how long the file is that a link leads to.
        case .folder, .empty:
            return Entry(kind: header.kind == .folder ? .folder : .other, name: name, size: 0)
        case .file: kind = records.isSparse ? .sparse : .file
        case .sparse(let goesOn):
            kind = .sparse
            var goesOn = goesOn
            while goesOn {
                let block = try stream.take(TarHeader.length)
                guard block.count == TarHeader.length else { throw .cut(offset: offset) }
                goesOn = block[504] != 0
            }
        default: break
        }
        guard let filled = TarHeader.filledUp(size) else { throw .badNumber(offset: offset) }
        (rest, filling) = (size, filled - size)
        return Entry(kind: kind, name: name, size: size)
    }

    /// What is wrong with a file that does not begin with a header.
    private static func notAnArchive(_ bytes: [UInt8]) -> ArchiveError {
        if bytes.starts(with: [0x1F, 0x8B]) { return .packed(by: .gzip) }
        if bytes.starts(with: "BZh".utf8) { return .packed(by: .bzip2) }
        if bytes.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A]) { return .packed(by: .xz) }
        return bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) ? .packed(by: .zstd) : .notAnArchive
    }
}
