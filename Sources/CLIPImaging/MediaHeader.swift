/// What an AVIF or HEIC says of itself before its pixels, with the streams inside checked against it.
///
/// The container announces a size, each coded stream in it has one of its own, and a decoder believes the stream, then
/// scales it to what was announced. So the streams are looked into here: each has to have about the size that was
/// announced for it, no more frames than a picture has, and together they may not be many times the picture.
struct MediaHeader {
    /// As stored, before it is turned or mirrored.
    let size: PixelSize
    let orientation: Orientation
    /// The most of a single frame.
    let mostPixels: Int
    /// Of all frames together, or of the picture where that is more.
    let codedPixels: Int
    let memoryBytes: Int

    /// A stream, as far as both formats have the same of it.
    private struct Stream {
        let size: PixelSize
        let frames: Int
        /// Bytes that its decoder holds.
        let memoryBytes: Int
        /// Bytes of two pixels of the decoded planes, and of the same at a byte a sample where samples are larger.
        let bytesOfTwo, narrowBytesOfTwo: Int
    }

    /// Throws `badHeader` where the container or a stream is damaged, or they contradict each other.
    init(_ file: FileFields, format: ImageFormat) throws(ImagingError) {
        guard let boxes = MediaBoxes(file), let id = boxes.primary, let primary = boxes.items[id],
            let size = boxes.size(of: primary)
        else { throw .badHeader(format) }
        let coded = format == .avif ? "av01" : "hvc1"
        guard [coded, "grid"].contains(primary.type), Self.areSimple(boxes, coded: coded, format: format),
            primary.type == coded || Self.isGrid(primary, of: size)
        else { throw .badHeader(format) }
        // libheif gives the colours as they are stored.
        guard format == .avif || !primary.isMultiplied else { throw .unsupportedColours(format) }
        self.size = size
        orientation = Self.orientation(of: primary, in: boxes)

        var total = 0
        var largest = size.width.times(size.height)
        var held = 0
        var scaled = 0
        var codeBytes = 0
        var (bytesOfTwo, narrowBytesOfTwo) = (0, 0)
        for item in boxes.items.values where item.type == coded {
            guard let announced = boxes.size(of: item), let code = item.code,
                codeBytes.plus(code.count) <= 2 * file.count,
                let stream = Self.stream(
                    code,
                    format: format,
                    configuration: boxes.property("hvcC", of: item)
                ),
                Self.agree(stream.size.width, announced.width),
                Self.agree(stream.size.height, announced.height)
            else { throw .badHeader(format) }
            codeBytes += code.count
            let pixels = stream.size.width.times(stream.size.height)
            largest = max(largest, pixels)
            total = total.plus(pixels.times(stream.frames).times(max(item.uses, 1)))
            held = held.plus(stream.memoryBytes)
            // A size that is not quite the announced one is scaled to it.
            if stream.size != announced {
                scaled = scaled.plus(announced.width.times(announced.height).times(stream.bytesOfTwo) / 2)
            }
            bytesOfTwo = max(bytesOfTwo, stream.bytesOfTwo)
            narrowBytesOfTwo = max(narrowBytesOfTwo, stream.narrowBytesOfTwo)
        }
        // The picture, its alpha, a small copy of it, and what tiles stand over its edges.
        let canvas = size.width.times(size.height)
        guard total > 0, total / 4 <= canvas.plus(1 << 20) else { throw .badHeader(format) }
        mostPixels = largest
        codedPixels = max(total, canvas)
        // The streams' pictures, of which tiles are put together once more with their alpha, the samples made bytes, and
        // the colours.
        let together = primary.type == "grid" ? canvas.times(bytesOfTwo + 4) / 2 : 0
        // Colours that are divided by alpha want it as bytes, too; a band of rows, with alpha.
        let divided = (primary.isMultiplied ? canvas : 0).plus(size.width.times(4 * 36))
        memoryBytes = held.plus(scaled).plus(together).plus(canvas.times(narrowBytesOfTwo) / 2)
            .plus(divided).plus(canvas.times(3)).plus(boxes.memoryBytes).plus(2 << 20)
    }

    /// Streams are coded in blocks of up to so many pixels.
    private static let rounding = 64

    private static func agree(_ coded: Int, _ announced: Int) -> Bool {
        coded < announced.plus(rounding) && announced < coded + rounding
    }

    private static func stream(
        _ code: FileFields,
        format: ImageFormat,
        configuration: FileFields?
    ) -> Stream? {
        if format == .avif {
            return AV1Stream(code).map {
                Stream(
                    size: $0.sequence.size,
                    frames: $0.frames,
                    memoryBytes: $0.memoryBytes,
                    bytesOfTwo: $0.planeBytes(of: 2),
                    narrowBytesOfTwo: $0.sequence.isDeep ? $0.sequence.samplesOfTwo : 0
                )
            }
        }
        return HEVCStream(code, configuration: configuration).map {
            // At most three samples of two bytes; the decoder's copy, and the colours before they are put together.
            let pixels = $0.size.width.times($0.size.height)
            return Stream(
                size: $0.size,
                frames: 1,
                memoryBytes: pixels.times(12),
                bytesOfTwo: 12,
                narrowBytesOfTwo: 6
            )
        }
    }

    /// Whether grids are made of coded pictures only: of further grids a few would stand for very many pictures.
    ///
    /// So would one picture that is auxiliary to each of many, of which a decoder of HEIC takes one each.
    private static func areSimple(_ boxes: MediaBoxes, coded: String, format: ImageFormat) -> Bool {
        for item in boxes.items.values {
            if item.type == "grid" {
                guard item.parts.allSatisfy({ boxes.items[$0]?.type == coded }) else { return false }
            }
            if format == .heic, !item.masters.isEmpty {
                guard [coded, "grid"].contains(item.type), item.masters.count == 1,
                    let master = item.masters.first.flatMap({ boxes.items[$0] }), master.masters.isEmpty,
                    master.uses <= 1
                else { return false }
            }
        }
        return true
    }

    /// Whether a grid has the announced size and as many pictures as places for them.
    private static func isGrid(_ item: MediaBoxes.Item, of size: PixelSize) -> Bool {
        guard let plan = item.code, let flags = plan.number(at: 1, bytes: 1),
            let rows = plan.number(at: 2, bytes: 1),
            let columns = plan.number(at: 3, bytes: 1)
        else { return false }
        let bytes = flags & 1 == 1 ? 4 : 2
        return plan.number(at: 4, bytes: bytes) == size.width
            && plan.number(at: 4 + bytes, bytes: bytes) == size.height
            && item.parts.count == (rows + 1) * (columns + 1)
    }

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
