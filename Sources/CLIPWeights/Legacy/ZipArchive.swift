import CZlib

/// The entries of a zip archive as PyTorch writes it, found by its central directory and fully checked before any is
/// read.
///
/// Format: PKWARE's APPNOTE.TXT 6.3.10, 4.3 and 4.5.3 (zip64). Only stored entries are read. This is stricter than most
/// readers: no name may be repeated, no two entries may share bytes, and local headers have to agree with the central
/// directory.
struct ZipArchive {
    private struct Entry {
        let bytes: Range<Int>
        let isStored: Bool
        /// The checksum of the bytes; 0 if the writer kept none (`torch.serialization.set_crc32_options(False)`).
        let checksum: UInt32
    }

    private static let maximumNameByteCount = 1_024

    let mapping: MappedFile
    /// The folder of all of PyTorch's entries, with its slash.
    let folder: String
    private let entries: [String: Entry]

    private var path: String { mapping.file.path }

    /// Whether a file begins as a zip archive does.
    static func begins(_ head: [UInt8]) -> Bool { head.starts(with: [0x50, 0x4B, 3, 4]) }

    init(_ mapping: MappedFile) throws(WeightError) {
        self.mapping = mapping
        let directory = try ZipDirectory(mapping)
        var entries: [String: Entry] = [:]
        var occupied: [Range<Int>] = []
        var folder = ""
        var reader = ByteReader(directory.bytes)
        for number in 0..<directory.entryCount {
            let record = try Self.record(&reader, number: number, file: mapping.file.path)
            let bytes = try Self.bytes(of: record, in: mapping, before: directory.start)
            if number == 0, let slash = record.name.firstIndex(of: "/") {
                folder = String(record.name[...slash])
            }
            occupied.append(record.offset..<bytes.upperBound)
            let entry = Entry(bytes: bytes, isStored: record.method == 0, checksum: record.checksum)
            guard entries.updateValue(entry, forKey: record.name) == nil else {
                throw .damagedArchive(file: mapping.file.path, reason: "it has '\(record.safeName)' twice")
            }
        }
        guard reader.isAtEnd else {
            throw .damagedArchive(
                file: mapping.file.path,
                reason: "its directory has more than \(directory.entryCount) entries"
            )
        }
        occupied.sort { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
        for (one, next) in zip(occupied, occupied.dropFirst()) where one.upperBound > next.lowerBound {
            throw .damagedArchive(
                file: mapping.file.path,
                reason: "two entries share the bytes from \(next.lowerBound) on"
            )
        }
        self.entries = entries
        self.folder = folder
    }

    /// Whether PyTorch's folder has an entry of this name.
    func contains(_ name: String) -> Bool { entries[folder + name] != nil }

    /// The range of the bytes of an entry in PyTorch's folder.
    func bytes(of name: String) throws(WeightError) -> Range<Int> {
        guard let entry = entries[folder + name] else {
            throw .missingEntry(entry: folder + name, file: path)
        }
        guard entry.isStored else { throw .compressedEntry(entry: folder + name, file: path) }
        return entry.bytes
    }

    /// A copy of a small entry, after its checksum was compared.
    func contents(of name: String, limit: Int) throws(WeightError) -> [UInt8] {
        let range = try bytes(of: name)
        guard range.count <= limit else {
            throw .fileTooLarge(path: "\(path): \(folder)\(name)", byteCount: range.count, limit: limit)
        }
        try requireChecksum(of: name)
        return mapping.withUnsafeBytes(in: range) { Array($0) }
    }

    /// Checks an entry's bytes by its checksum.
    func requireChecksum(of name: String) throws(WeightError) {
        let range = try bytes(of: name)
        guard let entry = entries[folder + name], entry.checksum != 0 else { return }
        var found: UInt = 0
        var start = range.lowerBound
        while start < range.upperBound {
            let part = start..<min(range.upperBound, start + 1 << 24)
            mapping.withUnsafeBytes(in: part) { bytes in
                found = crc32(found, bytes.bindMemory(to: UInt8.self).baseAddress, UInt32(bytes.count))
            }
            mapping.releasePages(in: part)
            start = part.upperBound
        }
        guard UInt32(truncatingIfNeeded: found) == entry.checksum else {
            throw .wrongChecksum(entry: folder + name, file: path)
        }
    }

    // MARK: Records

    private struct Record {
        let name: String
        let method: Int
        let checksum: UInt32
        let byteCount: Int
        let offset: Int

        /// The name, shortened for an error.
        var safeName: String { String(name.prefix(60)) }
    }

    /// One record of the central directory.
    private static func record(
        _ reader: inout ByteReader,
        number: Int,
        file: String
    ) throws(WeightError) -> Record {
        func damaged(_ reason: String) -> WeightError {
            .damagedArchive(file: file, reason: "entry \(number + 1) \(reason)")
        }
        guard var head = reader.part(46), head.integer(4) == 0x0201_4B50 else {
            throw damaged("is not in its directory")
        }
        head.skip(4)  // versions
        let flags = head.integer(2)
        let method = head.integer(2)
        head.skip(4)  // time and date
        let checksum = UInt32(truncatingIfNeeded: head.integer(4))
        var packed = head.integer(4)
        var unpacked = head.integer(4)
        let (nameLength, extraLength, commentLength) = (head.integer(2), head.integer(2), head.integer(2))
        head.skip(8)  // disk, attributes
        var offset = head.integer(4)
        guard let nameBytes = reader.part(nameLength)?.all, var extra = reader.part(extraLength),
            reader.part(commentLength) != nil
        else { throw damaged("is cut") }
        guard nameBytes.count <= maximumNameByteCount, let name = String(validating: nameBytes, as: UTF8.self)
        else { throw damaged("has no name that is one") }
        guard flags & 1 == 0 else { throw damaged("is encrypted") }
        let wide = 0xFFFF_FFFF
        if [packed, unpacked, offset].contains(wide) {
            var field: ByteReader?
            while field == nil, !extra.isAtEnd {
                guard var head = extra.part(4) else { throw damaged("has a cut extra field") }
                let kind = head.integer(2)
                guard let body = extra.part(head.integer(2)) else { throw damaged("has a cut extra field") }
                if kind == 1 { field = body }
            }
            // The wide numbers come in this order, and only those that do not fit into the record.
            unpacked = try widened(unpacked)
            packed = try widened(packed)
            offset = try widened(offset)
            func widened(_ narrow: Int) throws(WeightError) -> Int {
                guard narrow == wide else { return narrow }
                guard var part = field?.part(8) else { throw damaged("lacks its length") }
                return part.integer(8)
            }
        }
        guard packed >= 0, offset >= 0, method != 0 || packed == unpacked else {
            throw damaged("has lengths that contradict each other")
        }
        return Record(name: name, method: method, checksum: checksum, byteCount: packed, offset: offset)
    }

    /// The range of a record's data, found by the local header, which has to agree with the record.
    private static func bytes(
        of record: Record,
        in mapping: MappedFile,
        before directory: Int
    ) throws(WeightError) -> Range<Int> {
        func damaged(_ reason: String) -> WeightError {
            .damagedArchive(file: mapping.file.path, reason: "the entry '\(record.safeName)' \(reason)")
        }
        guard record.offset <= directory - 30 else { throw damaged("begins behind the data") }
        let headEnd = min(directory, record.offset + 30 + maximumNameByteCount)
        var reader = ByteReader(mapping.withUnsafeBytes(in: record.offset..<headEnd) { Array($0) })
        guard var head = reader.part(30), head.integer(4) == 0x0403_4B50 else {
            throw damaged("has no header where the directory places it")
        }
        head.skip(2)
        let flags = head.integer(2)
        let method = head.integer(2)
        head.skip(8)
        let packed = head.integer(4)
        head.skip(4)
        let (nameLength, extraLength) = (head.integer(2), head.integer(2))
        guard method == record.method, reader.part(nameLength)?.all == Array(record.name.utf8) else {
            throw damaged("is another one by its own header")
        }
        // The local header may lack the length: bit 3 means that it follows the data, and all ones that it needs 64
        // bits.
        guard flags & 8 != 0 || packed == 0xFFFF_FFFF || packed == record.byteCount else {
            throw damaged("has another length by its own header")
        }
        let start = record.offset + 30 + nameLength + extraLength
        guard start <= directory, record.byteCount <= directory - start else {
            throw damaged("reaches beyond the data")
        }
        return start..<start + record.byteCount
    }
}
