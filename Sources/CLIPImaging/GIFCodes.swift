/// Decodes the indices of a GIF frame, which are LZW codes in blocks of up to 255 bytes.
struct GIFCodes {
    private let file: UnsafeRawBufferPointer
    private var position: Int
    /// The number of bytes left in the block.
    private var left = 0
    private var bits: UInt32 = 0
    private var bitCount = 0
    private let clear: Int

    /// Begins at the code data; nil for a code size that no encoder writes.
    init?(_ file: FileFields, at start: Int) {
        guard let size = file.number(at: start, bytes: 1), 2...8 ~= size else { return nil }
        self.file = file.bytes
        position = start + 1
        clear = 1 << size
    }

    /// Fills a frame with its indices.
    ///
    /// Returns false if the codes are damaged, too few or too many.
    mutating func decode(
        into indices: UnsafeMutableBufferPointer<UInt8>,
        stop: DecodeStop
    ) throws(ImagingError) -> Bool {
        let tableSize = 4096
        // For each code these hold the code of all but its last index, that index, its first index, and the number of
        // indices.
        var prefixes = [UInt16](repeating: 0, count: tableSize)
        var suffixes = [UInt8](repeating: 0, count: tableSize)
        var firsts = [UInt8](repeating: 0, count: tableSize)
        var lengths = [Int](repeating: 1, count: tableSize)
        for index in 0..<clear { (suffixes[index], firsts[index]) = (UInt8(index), UInt8(index)) }

        var width = clear.trailingZeroBitCount + 1
        var next = clear + 2
        var previous: Int?
        var written = 0
        var turns = 0
        while let code = nextCode(width) {
            turns += 1
            if turns % 1024 == 0 { try stop.check() }
            if code == clear {
                (width, next, previous) = (clear.trailingZeroBitCount + 1, clear + 2, nil)
                continue
            }
            if code == clear + 1 { break }
            // One byte may be left over after the last pixel.
            if written == indices.count {
                return left == 0 && (position >= file.count || file[position] == 0)
            }
            if let last = previous {
                guard code <= next, code < tableSize else { return false }
                if next < tableSize {
                    prefixes[next] = UInt16(last)
                    suffixes[next] = firsts[code == next ? last : code]
                    firsts[next] = firsts[last]
                    lengths[next] = lengths[last] + 1
                    next += 1
                } else if code == next {
                    return false
                }
            } else {
                guard code < clear else { return false }
            }
            let length = lengths[code]
            guard length <= indices.count - written else { return false }
            var place = written + length - 1
            var part = code
            while place > written {
                indices[place] = suffixes[part]
                part = Int(prefixes[part])
                place -= 1
            }
            indices[written] = suffixes[part]
            written += length
            if next == 1 << width, width < 12 { width += 1 }
            previous = code
        }
        return written == indices.count
    }

    private mutating func nextCode(_ width: Int) -> Int? {
        while bitCount < width {
            if left == 0 {
                guard position < file.count, file[position] > 0 else { return nil }
                left = Int(file[position])
                position += 1
            }
            guard position < file.count else { return nil }
            bits |= UInt32(file[position]) << UInt32(bitCount)
            position += 1
            left -= 1
            bitCount += 8
        }
        let code = Int(bits) & (1 << width - 1)
        bits >>= UInt32(width)
        bitCount -= width
        return code
    }
}
