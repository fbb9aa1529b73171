/// What an AVIF or HEIC says of itself before its pixels, with the streams inside checked against it.
///
/// The container announces a size, each coded stream in it has one of its own, and a decoder believes the stream. So
/// the streams are looked into here: none may have more pixels than was announced for it, nor more frames than a
/// picture has, and together they may not be many times the picture.
struct MediaHeader {
    /// As stored, before it is turned or mirrored.
    let size: PixelSize
    let orientation: Orientation
    /// The most of a single frame.
    let mostPixels: Int
    /// Of all frames together.
    let codedPixels: Int
    let memoryBytes: Int

    /// Throws `badHeader` where the container or a stream is damaged, or they contradict each other.
    init(_ file: FileFields, format: ImageFormat) throws(ImagingError) {
        guard let boxes = MediaBoxes(file), let id = boxes.primary, let primary = boxes.items[id],
            let size = boxes.size(of: primary)
        else { throw .badHeader(format) }
        let coded = format == .avif ? "av01" : "hvc1"
        guard [coded, "grid"].contains(primary.type) else { throw .badHeader(format) }
        self.size = size
        orientation = Self.orientation(of: primary, in: boxes)

        var total = 0
        var largest = size.width.times(size.height)
        var bytes = 0
        var codeBytes = 0
        for item in boxes.items.values where item.type == coded {
            guard let announced = boxes.size(of: item), let code = item.code,
                codeBytes.plus(code.count) <= 2 * file.count,
                let stream = format == .avif
                    ? AV1Stream(code).map({ ($0.size, $0.frames, $0.bytesPerPixel) })
                    : HEVCStream(code, configuration: boxes.property("hvcC", of: item)).map({
                        ($0.size, 1, 6)
                    }),
                stream.0.width <= announced.width + Self.rounding,
                stream.0.height <= announced.height + Self.rounding
            else { throw .badHeader(format) }
            codeBytes += code.count
            let pixels = stream.0.width.times(stream.0.height)
            largest = max(largest, pixels)
            total = total.plus(pixels.times(stream.1).times(max(item.uses, 1)))
            bytes = bytes.plus(pixels.times(stream.2).times(stream.1 + 1))
        }
        // The picture, its alpha, a small copy of it, and what tiles stand over its edges.
        guard total > 0, total / 4 <= size.width.times(size.height).plus(1 << 20) else {
            throw .badHeader(format)
        }
        mostPixels = largest
        codedPixels = total
        // The streams' pictures, of which tiles are put together once more, and the colours.
        let canvas = size.width.times(size.height)
        memoryBytes = bytes.plus(canvas.times(3)).plus(primary.type == "grid" ? canvas.times(3) : 0).plus(
            4 << 20
        )
    }

    /// Streams are coded in blocks of up to so many pixels.
    private static let rounding = 64

    /// Turned against the clock, then mirrored.
    private static func orientation(of item: MediaBoxes.Item, in boxes: MediaBoxes) -> Orientation {
        let turns = boxes.property("irot", of: item)?.number(at: 0, bytes: 1) ?? 0
        let turned: [Orientation] = [.upright, .turnedRight, .upsideDown, .turnedLeft]
        guard let mode = boxes.property("imir", of: item)?.number(at: 0, bytes: 1) else {
            return turned[turns & 3]
        }
        let topToBottom: [Orientation] = [.flipped, .transposed, .mirrored, .transversed]
        let leftToRight: [Orientation] = [.mirrored, .transversed, .flipped, .transposed]
        return mode & 1 == 0 ? topToBottom[turns & 3] : leftToRight[turns & 3]
    }
}
