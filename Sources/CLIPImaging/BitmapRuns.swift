/// Decodes the run-length coded rows of a bitmap, in the order in which they are stored.
///
/// Pixels that the code skips have index 0. Runs that are longer than the row are cut off at its end.
struct BitmapRuns {
    private let file: [UInt8]
    private let bits: Int
    private let stop: DecodeStop
    private var position: Int
    /// Where the next row begins to be filled, and how many empty rows come before it; a delta code sets both.
    private var column = 0
    private var rowsToSkip = 0
    private var hasEnded = false
    private var turns = 0

    init(_ file: [UInt8], at offset: Int, bits: Int, stop: DecodeStop) {
        self.file = file
        self.bits = bits
        self.stop = stop
        position = offset
    }

    /// Fills a row of indices.
    ///
    /// Returns false if the file ends before the bitmap does.
    mutating func readRow(into indices: inout [UInt8]) throws(ImagingError) -> Bool {
        for index in indices.indices { indices[index] = 0 }
        if rowsToSkip > 0 { rowsToSkip -= 1 }
        guard rowsToSkip == 0, !hasEnded else { return true }
        while true {
            // A row may have any number of codes that write no pixels.
            turns += 1
            if turns % 4096 == 0 { try stop.check() }
            guard let count = next(), let value = next() else { return false }
            if count > 0 {
                let count = Int(count)
                for index in 0..<min(count, room(in: indices)) {
                    indices[column + index] = nibbleOrByte(of: value, index)
                }
                column += count
                continue
            }
            switch value {
            case 0:
                column = 0
                return true
            case 1:
                hasEnded = true
                return true
            case 2:
                guard let right = next(), let down = next() else { return false }
                column += Int(right)
                rowsToSkip = Int(down)
                if rowsToSkip > 0 { return true }
            default:
                guard putLiterally(Int(value), in: &indices) else { return false }
            }
        }
    }

    /// Copies indices that are stored as they are, padded to whole pairs of bytes.
    private mutating func putLiterally(_ count: Int, in indices: inout [UInt8]) -> Bool {
        let bytes = (count * bits + 7) / 8
        guard position + bytes <= file.count else { return false }
        for index in 0..<min(count, room(in: indices)) {
            indices[column + index] = nibbleOrByte(of: file[position + index * bits / 8], index)
        }
        column += count
        position += bytes + bytes % 2
        return true
    }

    /// The number of pixels left in the row.
    private func room(in indices: [UInt8]) -> Int { max(indices.count - column, 0) }

    private func nibbleOrByte(of byte: UInt8, _ index: Int) -> UInt8 {
        bits == 8 ? byte : index % 2 == 0 ? byte >> 4 : byte & 15
    }

    private mutating func next() -> UInt8? {
        guard position < file.count else { return nil }
        defer { position += 1 }
        return file[position]
    }
}
