/// The central directory of a zip archive, as the archive's last record describes it.
struct ZipDirectory {
    /// The most entries; a training checkpoint of the largest CLIP has about ten thousand.
    private static let maximumEntryCount = 1 << 17
    private static let maximumByteCount = 64 << 20

    /// The offset at which the directory begins; all data lie before it.
    let start: Int
    let entryCount: Int
    /// The bytes of the directory, in a copy that no other program can change between the check and the use.
    let bytes: [UInt8]

    init(_ mapping: MappedFile) throws(WeightError) {
        func damaged(_ reason: String) -> WeightError {
            .damagedArchive(file: mapping.file.path, reason: reason)
        }
        let fileCount = mapping.file.byteCount
        let tailStart = max(0, fileCount - (1 << 16) - 22)
        let tail = mapping.withUnsafeBytes(in: tailStart..<fileCount) { Array($0) }
        guard let end = Self.end(of: tail) else { throw damaged("its end is not there") }
        var record = ByteReader(Array(tail[end...].prefix(22)))
        record.skip(4)
        let disks = [record.integer(2), record.integer(2)]
        let entriesHere = record.integer(2)
        var (entryCount, byteCount, start) = (record.integer(2), record.integer(4), record.integer(4))
        var limit = tailStart + end
        if let wide = try Self.wideRecord(mapping, before: tailStart + end) {
            (entryCount, byteCount, start, limit) = wide
        } else {
            guard disks == [0, 0], entriesHere == entryCount else {
                throw damaged("it is one of several disks")
            }
        }
        guard entryCount >= 0, entryCount <= Self.maximumEntryCount else {
            throw damaged("it has more than \(Self.maximumEntryCount) entries")
        }
        guard byteCount >= 0, byteCount <= Self.maximumByteCount else {
            throw damaged("its directory is too large")
        }
        guard start >= 0, byteCount <= limit, start <= limit - byteCount else {
            throw damaged("its directory is not where its end says")
        }
        self.start = start
        self.entryCount = entryCount
        bytes = mapping.withUnsafeBytes(in: start..<start + byteCount) { Array($0) }
    }

    /// The offset of the last record in the last bytes of a file; the comment in it has to end with the file.
    private static func end(of tail: [UInt8]) -> Int? {
        guard tail.count >= 22 else { return nil }
        for index in stride(from: tail.count - 22, through: 0, by: -1)
        where tail[index] == 0x50 && tail[index + 1] == 0x4B && tail[index + 2] == 5 && tail[index + 3] == 6 {
            let comment = Int(tail[index + 20]) | Int(tail[index + 21]) << 8
            if index + 22 + comment == tail.count { return index }
        }
        return nil
    }

    /// The content of the record for large archives; nil if there is none.
    private static func wideRecord(
        _ mapping: MappedFile,
        before end: Int
    ) throws(WeightError) -> (entryCount: Int, byteCount: Int, start: Int, limit: Int)? {
        guard end >= 20 else { return nil }
        var locator = ByteReader(mapping.withUnsafeBytes(in: end - 20..<end) { Array($0) })
        guard locator.integer(4) == 0x0706_4B50 else { return nil }
        locator.skip(4)
        let offset = locator.integer(8)
        guard offset >= 0, end >= 76, offset <= end - 76 else {
            throw .damagedArchive(file: mapping.file.path, reason: "its directory cannot be found")
        }
        var record = ByteReader(mapping.withUnsafeBytes(in: offset..<offset + 56) { Array($0) })
        guard record.integer(4) == 0x0606_4B50 else {
            throw .damagedArchive(file: mapping.file.path, reason: "its directory cannot be found")
        }
        record.skip(20)
        let entriesHere = record.integer(8)
        let (entryCount, byteCount, start) = (record.integer(8), record.integer(8), record.integer(8))
        guard entriesHere == entryCount else {
            throw .damagedArchive(file: mapping.file.path, reason: "it is one of several disks")
        }
        return (entryCount, byteCount, start, offset)
    }
}
