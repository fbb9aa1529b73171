/// What an AVIF or HEIC tells about itself before its pixels, checked against the coded streams inside.
///
/// The container announces a size, and each coded stream in it has a size of its own. A decoder believes the stream,
/// then scales its picture to the announced size. So each stream has to have about the size that was announced for it
/// and no more frames than a picture has. All streams together may not be many times the picture.
struct MediaHeader {
    /// The stored size, before the picture is turned or mirrored.
    let size: PixelSize
    let orientation: Orientation
    /// The most pixels of a single frame.
    let mostPixels: Int
    /// The pixels of all frames together, or of the picture if it has more.
    let codedPixels: Int
    let memoryBytes: Int

    /// What is needed of a stream in either format.
    private struct Stream {
        let size: PixelSize
        let frames: Int
        /// The bytes that its decoder holds.
        let memoryBytes: Int
        /// The bytes of two pixels in the decoded planes, and the bytes of an 8-bit copy if samples have more bits.
        let bytesOfTwo, narrowBytesOfTwo: Int
    }

    /// Reads the header; throws `badHeader` if the container or a stream is damaged, or if they contradict each other.
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
            // A picture whose size differs slightly from the announced one is scaled.
            if stream.size != announced {
                scaled = scaled.plus(announced.width.times(announced.height).times(stream.bytesOfTwo) / 2)
            }
            bytesOfTwo = max(bytesOfTwo, stream.bytesOfTwo)
            narrowBytesOfTwo = max(narrowBytesOfTwo, stream.narrowBytesOfTwo)
        }
        // There may be the picture, its alpha, a small copy, and tiles that reach beyond its edges.
        let canvas = size.width.times(size.height)
        guard total > 0, total / 4 <= canvas.plus(1 << 20) else { throw .badHeader(format) }
        mostPixels = largest
        codedPixels = max(total, canvas)
        // The memory is for the streams' pictures, a grid put together from them with its alpha, an 8-bit copy of the
        // samples, and the colours.
        let together = primary.type == "grid" ? canvas.times(bytesOfTwo + 4) / 2 : 0
        // Dividing colours by alpha needs alpha as bytes, too. There is also a band of rows with alpha.
        let divided = (primary.isMultiplied ? canvas : 0).plus(size.width.times(4 * 36))
        memoryBytes = held.plus(scaled).plus(together).plus(canvas.times(narrowBytesOfTwo) / 2)
            .plus(divided).plus(canvas.times(3)).plus(boxes.memoryBytes).plus(2 << 20)
    }

    /// The size of the largest blocks in which streams are coded.
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
            // These are at most three samples of two bytes, in the decoder's copy and before the colours are put
            // together.
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

    /// Whether all grids consist of coded pictures.
    ///
    /// A few grids of grids could stand for very many pictures. So could one picture that is auxiliary to many others,
    /// of which a HEIC decoder makes a copy for each.
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

    /// Whether a grid has the announced size and as many pictures as places.
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

    /// The orientation from an item's properties: turned anticlockwise, then mirrored.
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
