/// The first frame of a GIF on its screen, decoded in Swift.
///
/// Libraries that animate keep more than is needed, and the reference server's decoder has rules of its own.
struct GIFPicture: ~Copyable, RowSource {
    let header: ImageHeader
    private let gif: GIFHeader
    private let stop: DecodeStop
    /// The frame's indices, in the order in which they are stored.
    private let indices: OwnedBytes

    init(_ file: FileFields, header: ImageHeader, gif: GIFHeader, stop: DecodeStop) throws(ImagingError) {
        let indices = try OwnedBytes(count: gif.frame.width * gif.frame.height)
        guard var codes = GIFCodes(file, at: gif.data), try codes.decode(into: indices.buffer, stop: stop)
        else {
            throw .badPixels(.gif)
        }
        self.header = header
        self.gif = gif
        self.stop = stop
        self.indices = indices
    }

    func forEachStrip(_ body: (RowStrip) -> Void) throws(ImagingError) {
        let rowBytes = gif.size.width * 3
        let strip = try OwnedBytes(count: CodedPicture.stripHeight * rowBytes)
        guard let base = strip.buffer.baseAddress else { return }
        for first in stride(from: 0, to: gif.size.height, by: CodedPicture.stripHeight) {
            try stop.check()
            let count = min(CodedPicture.stripHeight, gif.size.height - first)
            for row in 0..<count {
                guard compose(first + row, into: base + row * rowBytes) else { throw .badPixels(.gif) }
            }
            body(RowStrip(first: first, count: count, pixels: base, stride: rowBytes))
        }
    }

    /// Writes a row of the screen; returns false if an index has no colour.
    private func compose(_ row: Int, into pixels: UnsafeMutablePointer<UInt8>) -> Bool {
        let frameRow = row - gif.top
        let isCovered = 0..<gif.frame.height ~= frameRow
        // The background is not needed where the frame covers the row completely.
        if !isCovered || gif.transparent != nil || gif.frame.width < gif.size.width {
            for column in 0..<gif.size.width {
                for channel in 0..<3 { pixels[column * 3 + channel] = gif.background[channel] }
            }
        }
        guard isCovered else { return true }
        let stored = indices.buffer[(storedRow(frameRow) * gif.frame.width)...].prefix(gif.frame.width)
        let transparent = gif.transparent ?? -1
        return gif.palette.withUnsafeBufferPointer { palette in
            var pixel = pixels + gif.left * 3
            for index in stored {
                let index = Int(index)
                if index != transparent {
                    guard index < gif.colours else { return false }
                    pixel[0] = palette[index * 3]
                    pixel[1] = palette[index * 3 + 1]
                    pixel[2] = palette[index * 3 + 2]
                }
                pixel += 3
            }
            return true
        }
    }

    /// The stored place of a frame's row; an interlaced frame stores every eighth row first, then those between, and so
    /// on.
    private func storedRow(_ row: Int) -> Int {
        guard gif.isInterlaced else { return row }
        let height = gif.frame.height
        let eighths = (height + 7) / 8
        let betweenEighths = (height + 3) / 8
        let betweenQuarters = (height + 1) / 4
        return switch row % 8 {
        case 0: row / 8
        case 4: eighths + row / 8
        case 2, 6: eighths + betweenEighths + row / 4
        default: eighths + betweenEighths + betweenQuarters + row / 2
        }
    }
}
