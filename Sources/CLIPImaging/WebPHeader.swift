/// What a WebP tells about itself before its pixels, and where these are.
///
/// The first frame of an animation is used. Alpha is in a chunk of its own, which is skipped.
struct WebPHeader {
    /// The size of the canvas.
    let size: PixelSize
    /// The position of the coded frame on the canvas.
    let left, top: Int
    let frame: PixelSize
    let isLossless: Bool
    /// The range of the chunk that is decoded, beginning with its name.
    let coded: Range<Int>
    let orientation: Orientation

    /// Reads the header; nil if it is damaged or the sizes in it contradict each other.
    init?(_ file: FileFields) {
        var fields = file
        fields.isBigEndian = false
        guard let riff = fields.number(at: 4, bytes: 4), riff >= 12 else { return nil }
        // Anything after this end is not part of the picture.
        let end = min(8 + riff, fields.count)
        guard let first = Chunk(fields, at: 12, before: end) else { return nil }
        guard fields.has("VP8X", at: 12) else {
            guard let frame = first.frame(in: fields) else { return nil }
            (size, self.frame, left, top, orientation) = (frame.size, frame.size, 0, 0, .upright)
            (isLossless, coded) = (frame.isLossless, first.range)
            return
        }
        guard let flags = fields.number(at: 20, bytes: 1), let width = fields.number(at: 24, bytes: 3),
            let height = fields.number(at: 27, bytes: 3)
        else { return nil }
        size = PixelSize(width: width + 1, height: height + 1)
        let isAnimated = flags & 2 != 0
        // A chunk that is not announced is skipped, as users of libwebp do.
        let hasMetadata = flags & 8 != 0

        var found: (left: Int, top: Int, chunk: Chunk, frame: Chunk.Frame, announced: PixelSize?)?
        var orientation: Orientation?
        var next = first.end
        while let chunk = Chunk(fields, at: next, before: end) {
            if found == nil, !isAnimated, let frame = chunk.frame(in: fields) {
                found = (0, 0, chunk, frame, nil)
            }
            if found == nil, isAnimated, fields.has("ANMF", at: next) {
                guard let left = fields.number(at: next + 8, bytes: 3),
                    let top = fields.number(at: next + 11, bytes: 3),
                    let width = fields.number(at: next + 14, bytes: 3),
                    let height = fields.number(at: next + 17, bytes: 3)
                else { return nil }
                var inner = next + 24
                while let part = Chunk(fields, at: inner, before: min(chunk.end, end)), found == nil {
                    if let frame = part.frame(in: fields) {
                        let announced = PixelSize(width: width + 1, height: height + 1)
                        found = (2 * left, 2 * top, part, frame, announced)
                    }
                    inner = part.end
                }
                if found == nil { return nil }
            }
            if orientation == nil, hasMetadata, fields.has("EXIF", at: next) {
                let isPrefixed = fields.has("Exif\0\0", at: next + 8)
                let block = fields.part(
                    from: chunk.range.lowerBound + 8 + (isPrefixed ? 6 : 0),
                    to: chunk.range.upperBound
                )
                orientation = block.map { Orientation(exif: $0.bytes) }
            }
            next = chunk.end
        }
        guard let found, found.announced == nil || found.announced == found.frame.size,
            isAnimated || found.frame.size == size, found.left + found.frame.size.width <= size.width,
            found.top + found.frame.size.height <= size.height
        else { return nil }
        (left, top, frame) = (found.left, found.top, found.frame.size)
        (isLossless, coded) = (found.frame.isLossless, found.chunk.range)
        self.orientation = orientation ?? .upright
    }

    /// The bytes that libwebp holds.
    ///
    /// These are the canvas, and for a lossless picture another four for each pixel and what comes before the pixels.
    func memoryBytes(_ head: LosslessWebPHead?) -> Int {
        let area = frame.width.times(frame.height)
        let working = head.map { area.times(4).plus($0.memoryBytes) } ?? frame.width.times(100)
        return size.width.times(size.height).times(3).plus(working).plus(1 << 20)
    }
}

/// A part of the file with a name and a length.
private struct Chunk {
    struct Frame {
        let size: PixelSize
        let isLossless: Bool
    }

    /// The range from its name to its last byte in the file.
    let range: Range<Int>
    /// Where the next chunk begins; an odd length is padded.
    let end: Int

    init?(_ file: FileFields, at start: Int, before end: Int) {
        guard start <= end - 8, let length = file.number(at: start + 4, bytes: 4) else { return nil }
        range = start..<min(start + 8 + length, end)
        self.end = start + 8 + length + length % 2
    }

    /// The frame that a chunk of pixels describes; nil for other chunks and for invalid ones.
    func frame(in file: FileFields) -> Frame? {
        let body = range.lowerBound + 8
        if file.has("VP8 ", at: range.lowerBound) {
            guard let first = file.number(at: body, bytes: 1), first & 1 == 0,
                file.number(at: body + 3, bytes: 3) == 0x2A019D,
                let width = file.number(at: body + 6, bytes: 2),
                let height = file.number(at: body + 8, bytes: 2)
            else { return nil }
            return Self.frame(width & 0x3FFF, height & 0x3FFF, isLossless: false)
        }
        guard file.has("VP8L", at: range.lowerBound), file.number(at: body, bytes: 1) == 0x2F,
            let bits = file.number(at: body + 1, bytes: 4), bits >> 29 == 0
        else { return nil }
        return Self.frame(bits & 0x3FFF + 1, bits >> 14 & 0x3FFF + 1, isLossless: true)
    }

    private static func frame(_ width: Int, _ height: Int, isLossless: Bool) -> Frame? {
        guard width > 0, height > 0 else { return nil }
        return Frame(size: PixelSize(width: width, height: height), isLossless: isLossless)
    }
}
