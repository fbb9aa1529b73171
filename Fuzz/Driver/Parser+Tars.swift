internal import CLIPBulk

extension Parser {
    /// Reads a tar archive: its members, then its samples; headers get the right sums where the first byte says so.
    ///
    /// Members may have no more bytes than the archive, and no names that are longer than promised.
    static func readTar(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        var archive = Array(bytes.dropFirst())
        if first & 1 == 0 { mendSums(&archive) }
        var reader = TarReader(ArchiveStream(bytes: archive))
        var sum = 0
        while let entry = try? reader.next() {
            precondition(
                entry.size >= 0 && entry.name.count <= TarReader.longestName,
                "A member is too long."
            )
            let limit = first & 2 == 0 ? Int.max : 100
            guard let content = try? reader.content(limit: limit) else { break }
            sum += content.count
            precondition(sum <= archive.count, "Members have more bytes than the archive.")
        }
        precondition((try? reader.next()) == nil, "The archive goes on behind its end.")
        var samples = ArchiveSamples(
            TarReader(ArchiveStream(bytes: archive)),
            wanted: first & 4 == 0 ? nil : "jpg",
            mostBytes: 64
        )
        var count = 0
        while let item = try? samples.next() {
            count += 1
            if case .picture(_, let content) = item {
                precondition(content.count <= 65, "A picture is too long.")
            }
        }
        precondition(count <= archive.count / 512, "There are more samples than headers.")
    }

    /// Gives every block that looks like a header the sum of its bytes, since hardly a made-up one has it.
    private static func mendSums(_ bytes: inout [UInt8]) {
        for start in stride(from: 0, to: bytes.count - 511, by: 512) {
            let block = start..<start + 512
            guard bytes[start + 257] == UInt8(ascii: "u") || bytes[start + 156] == UInt8(ascii: "0") else {
                continue
            }
            for index in 148..<156 { bytes[start + index] = 0x20 }
            var sum = bytes[block].reduce(0) { $0 + Int($1) }
            for index in stride(from: 153, through: 148, by: -1) {
                bytes[start + index] = UInt8(ascii: "0") + UInt8(sum & 7)
                sum >>= 3
            }
            bytes[start + 154] = 0
        }
    }
}
