/// What a GIF tells about its screen and its first frame.
///
/// The rules are those of the reference server's decoder (OpenCV 4.12, grfmt_gif.cpp): the frame has to lie on the
/// screen, the background has to be one of the colours, and the file has to be complete, although only the first frame
/// is used.
struct GIFHeader {
    /// The size of the screen.
    let size: PixelSize
    let left, top: Int
    let frame: PixelSize
    let isInterlaced: Bool
    /// The index of the colour that leaves what lies beneath visible; nil if there is none.
    let transparent: Int?
    /// The colours, (256, 3); only the first `colours` of them were given.
    let palette: [UInt8]
    /// The number of colours that the file gives.
    let colours: Int
    /// Red, green and blue of the area outside the frame.
    let background: [UInt8]
    /// The offset of the coded indices, which begin with the code size.
    let data: Int

    /// Reads the header; throws `badHeader` if that of the first frame is damaged, `badPixels` if the file ends early.
    init(_ image: FileFields, stop: DecodeStop) throws(ImagingError) {
        var file = image
        file.isBigEndian = false
        guard let width = file.number(at: 6, bytes: 2), let height = file.number(at: 8, bytes: 2),
            let flags = file.number(at: 10, bytes: 1), let backgroundIndex = file.number(at: 11, bytes: 1),
            file.number(at: 12, bytes: 1) != nil, width > 0, height > 0
        else { throw .badHeader(.gif) }
        size = PixelSize(width: width, height: height)
        let global = Self.table(flags, at: 13, in: file)
        guard let global, flags & 0x80 == 0 || backgroundIndex * 3 < global.count else {
            throw .badHeader(.gif)
        }
        background =
            global.isEmpty ? [0, 0, 0] : Array(global[backgroundIndex * 3..<backgroundIndex * 3 + 3])

        var walk = Walk(file: file, position: 13 + global.count, stop: stop)
        guard let frame = try walk.nextFrame(), frame.size.width > 0, frame.size.height > 0,
            frame.left + frame.size.width <= width, frame.top + frame.size.height <= height,
            let local = Self.table(frame.flags, at: frame.place + 9, in: file)
        else { throw .badHeader(.gif) }
        (left, top, self.frame) = (frame.left, frame.top, frame.size)
        isInterlaced = frame.flags & 0x40 != 0
        transparent = walk.transparent
        data = frame.place + 9 + local.count
        // The frame's own table has precedence; the screen's table has the indices beyond it.
        var palette = local + global.dropFirst(local.count)
        if palette.isEmpty {
            palette = (0..<256).flatMap { index in
                [UInt8](repeating: index == 1 ? 255 : UInt8(index), count: 3)
            }
        }
        colours = palette.count / 3
        self.palette = palette + [UInt8](repeating: 0, count: 256 * 3 - palette.count)
        while try walk.nextFrame() != nil {}
    }

    /// The bytes that decoding holds: an index for each pixel of the frame, and a few rows.
    var memoryBytes: Int {
        frame.width * frame.height + size.width * 3 * CodedPicture.stripHeight + 1 << 17
    }

    /// The colours of a table; empty if there is no table, nil if the file ends inside it.
    private static func table(_ flags: Int, at start: Int, in file: FileFields) -> [UInt8]? {
        guard flags & 0x80 != 0 else { return [] }
        return file.part(from: start, to: start + 3 << (flags & 7 + 1)).map { Array($0.bytes) }
    }

    private struct Frame {
        let place, left, top, flags: Int
        let size: PixelSize
    }

    /// Goes from block to block until the end mark.
    private struct Walk {
        let file: FileFields
        let stop: DecodeStop
        var position: Int
        private var turns = 0
        /// The transparent index in the last control block before the first frame.
        var transparent: Int?
        private var hasFrame = false

        init(file: FileFields, position: Int, stop: DecodeStop) {
            (self.file, self.position, self.stop) = (file, position, stop)
        }

        /// The next frame, which is then skipped; nil at the end mark.
        mutating func nextFrame() throws(ImagingError) -> Frame? {
            while let kind = file.number(at: position, bytes: 1) {
                switch kind {
                case 0x3B: return nil
                case 0x21:
                    guard let label = file.number(at: position + 1, bytes: 1) else { throw .badPixels(.gif) }
                    if label == 0xF9, !hasFrame { try readControl() }
                    position += 2
                    try skipBlocks()
                case 0x2C: return try frame()
                default: throw .badPixels(.gif)
                }
            }
            throw .badPixels(.gif)
        }

        private mutating func readControl() throws(ImagingError) {
            guard file.number(at: position + 2, bytes: 1) == 4,
                let flags = file.number(at: position + 3, bytes: 1),
                let index = file.number(at: position + 6, bytes: 1), flags >> 2 & 7 <= 3
            else { throw .badHeader(.gif) }
            transparent = flags & 1 == 1 ? index : nil
        }

        private mutating func frame() throws(ImagingError) -> Frame {
            guard let left = file.number(at: position + 1, bytes: 2),
                let top = file.number(at: position + 3, bytes: 2),
                let width = file.number(at: position + 5, bytes: 2),
                let height = file.number(at: position + 7, bytes: 2),
                let flags = file.number(at: position + 9, bytes: 1)
            else { throw .badPixels(.gif) }
            hasFrame = true
            let found = Frame(
                place: position + 1,
                left: left,
                top: top,
                flags: flags,
                size: PixelSize(width: width, height: height)
            )
            position += 10 + (flags & 0x80 != 0 ? 3 << (flags & 7 + 1) : 0) + 1
            try skipBlocks()
            return found
        }

        private mutating func skipBlocks() throws(ImagingError) {
            while let length = file.number(at: position, bytes: 1) {
                turns += 1
                if turns % (1 << 16) == 0 { try stop.check() }
                position += 1 + length
                if length == 0 { return }
            }
            throw .badPixels(.gif)
        }
    }
}
