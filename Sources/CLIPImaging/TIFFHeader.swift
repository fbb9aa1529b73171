internal import CPictures

/// What the first directory of a TIFF tells about its pixels, read before libtiff sees the file.
///
/// Everything that decides the cost of a decode is limited here. Kinds of pictures whose cost cannot be limited, or
/// that would be read wrongly, are refused.
struct TIFFHeader {
    let size: PixelSize
    let orientation: Orientation
    let decoder: ctiff_header
    /// The bytes that libtiff holds.
    let memoryBytes: Int

    /// Reads the header; throws `badHeader` or `unsupportedColours`.
    ///
    /// `badHeader` is for damage and for kinds that are not supported, `unsupportedColours` for colours without a
    /// simple conversion to red, green and blue.
    init(_ file: FileFields) throws(ImagingError) {
        guard let directory = TIFFDirectory(file) else { throw .badHeader(.tiff) }
        guard let width = directory.value(.width), let height = directory.value(.height),
            let photometric = directory.value(.photometric), 1...Int(Int32.max) ~= width,
            1...Int(Int32.max) ~= height
        else { throw .badHeader(.tiff) }
        size = PixelSize(width: width, height: height)
        orientation = directory.value(.orientation).map(Orientation.init(tag:)) ?? .upright

        let samples = directory.value(.samples) ?? 1
        let bits = try Self.same(directory.values(.bits), of: samples) ?? 1
        let sampleFormat = try Self.same(directory.values(.sampleFormat), of: samples) ?? 1
        let compression = directory.value(.compression) ?? 1
        let isPlanar = directory.value(.planes) ?? 1 == 2
        guard [1, 4].contains(sampleFormat), 1...5 ~= samples else { throw .unsupportedColours(.tiff) }
        guard [1, 2].contains(directory.value(.planes) ?? 1) else { throw .badHeader(.tiff) }
        let colours = try Self.colours(photometric, samples: samples, bits: bits, compression, directory)
        guard bits >= 8 || samples == 1 || isPlanar else { throw .unsupportedColours(.tiff) }
        try Self.check(compression, bits: bits, samples: samples)
        if colours == ctiff_ycbcr || (compression == 7 && photometric == 6) {
            guard !isPlanar, bits == 8 else { throw .unsupportedColours(.tiff) }
        }

        let tileWidth = directory.value(.tileWidth) ?? 0
        let tileHeight = directory.value(.tileHeight) ?? 0
        let isTiled = directory.has(.tileWidth) || directory.has(.tileHeight)
        let rows = isTiled ? 0 : min(directory.value(.rowsPerStrip) ?? height, height)
        guard isTiled ? tileWidth > 0 && tileHeight > 0 : rows > 0 else { throw .badHeader(.tiff) }
        // A tile is decoded in one go, without a chance to stop; so is a strip that libtiff converts.
        let piece = isTiled ? tileWidth.times(tileHeight) : width.times(rows)
        let isWhole = isTiled || colours == ctiff_ycbcr || compression == 7
        guard !isWhole || piece <= Self.mostAtOnce else { throw .badHeader(.tiff) }

        let planes = isPlanar ? samples : 1
        let across = isTiled ? (width - 1) / tileWidth + 1 : 1
        let down = (height - 1) / (isTiled ? tileHeight : rows) + 1
        let pieces = across.times(down).times(planes)
        guard let offsets = directory.count(isTiled ? .tileOffsets : .stripOffsets), offsets >= pieces else {
            throw .badHeader(.tiff)
        }
        decoder = ctiff_header(
            width: UInt32(width),
            height: UInt32(height),
            samples: Int32(samples),
            bits: Int32(bits),
            compression: Int32(compression),
            photometric: Int32(photometric),
            is_planar: isPlanar ? 1 : 0,
            tile_width: UInt32(tileWidth),
            tile_height: UInt32(tileHeight),
            rows_per_strip: UInt32(rows),
            colours: colours,
            min_is_white: photometric == 0 ? 1 : 0
        )

        let rowBytes = width.times(samples).times(bits) / 8 + samples
        let band = isTiled || colours == ctiff_ycbcr ? width.times(isTiled ? tileHeight : rows).times(3) : 0
        let pieceBytes = piece.times(samples).times(max(bits, 8)) / 8
        var memory = directory.valueBytes.plus(pieces.times(32)).times(isPlanar && !isTiled ? samples : 1)
        memory = memory.plus(rowBytes.times(2)).plus(width.times(CodedPicture.stripHeight * 3)).plus(band)
            .plus(1 << 19)
        if isTiled { memory = memory.plus(pieceBytes.times(isPlanar ? samples : 1)) }
        if colours == ctiff_ycbcr { memory = memory.plus(piece.times(8)) }
        // libjpeg holds all of a picture in several scans, two bytes a sample, in blocks of up to 32 x 32.
        if compression == 7 {
            let across = (isTiled ? tileWidth : width).plus(31) / 32 * 32
            let down = (isTiled ? tileHeight : rows).plus(31) / 32 * 32
            memory = memory.plus(across.times(down).times(samples).times(2)).plus(
                across.times(32 * 4 * samples)
            )
        }
        // Data with its bits in reverse order is copied.
        if directory.value(.fillOrder) == 2 { memory = memory.plus(file.count) }
        memoryBytes = memory
    }

    /// The most pixels that libtiff may decode without a chance to stop, which takes a tenth of a second.
    private static let mostAtOnce = 1 << 23

    /// The one value that a tag repeats for each sample.
    private static func same(_ values: [Int]?, of samples: Int) throws(ImagingError) -> Int? {
        guard let values, let first = values.first else { return nil }
        guard values.prefix(max(samples, 1)).allSatisfy({ $0 == first }) else {
            throw .unsupportedColours(.tiff)
        }
        return first
    }

    private static func colours(
        _ photometric: Int,
        samples: Int,
        bits: Int,
        _ compression: Int,
        _ directory: TIFFDirectory
    ) throws(ImagingError) -> ctiff_colours {
        switch photometric {
        case 0...1 where [1, 2, 4, 8, 16].contains(bits): return ctiff_grey
        case 2 where samples >= 3 && [8, 16].contains(bits): return ctiff_rgb
        case 3 where [1, 2, 4, 8].contains(bits): return ctiff_palette
        case 5 where samples >= 4 && [8, 16].contains(bits):
            guard directory.value(.inkSet) ?? 1 == 1, directory.value(.inks) ?? 4 == 4 else { break }
            return ctiff_cmyk
        // libtiff itself converts JPEG's colours to red, green and blue.
        case 6 where samples == 3 && bits == 8: return compression == 7 ? ctiff_rgb : ctiff_ycbcr
        default: break
        }
        throw .unsupportedColours(.tiff)
    }

    /// Accepts no compression, CCITT (2, 3, 4, 32771), LZW, JPEG, deflate (8, 32946) and PackBits, which every program
    /// reads.
    ///
    /// The old kind of JPEG (6) is refused.
    private static func check(_ compression: Int, bits: Int, samples: Int) throws(ImagingError) {
        let isSound =
            switch compression {
            case 1, 5, 8, 32946, 32773: true
            case 2, 3, 4, 32771: bits == 1 && samples == 1
            case 7: bits == 8 && samples <= 4
            default: false
            }
        guard isSound else { throw .badHeader(.tiff) }
    }
}

/// The first directory of a TIFF or BigTIFF file, with every number checked.
struct TIFFDirectory {
    enum Tag: Int {
        case width = 256, height, bits, compression
        case photometric = 262
        case fillOrder = 266
        case stripOffsets = 273, orientation
        case samples = 277, rowsPerStrip, stripByteCounts
        case planes = 284
        case tileWidth = 322, tileHeight, tileOffsets
        case inkSet = 332
        case inks = 334
        case sampleFormat = 339
    }

    private struct Entry {
        let type, count, place: Int
    }

    private let file: FileFields
    private var entries: [Int: Entry] = [:]
    /// The bytes of all values to which the directory points; libtiff reads them into memory.
    private(set) var valueBytes = 0

    /// Reads the directory; nil if the file ends early, a value does not lie in it, or a tag is there twice.
    init?(_ image: FileFields) {
        var file = image
        switch true {
        case image.has("II", at: 0): file.isBigEndian = false
        case image.has("MM", at: 0): file.isBigEndian = true
        default: return nil
        }
        self.file = file
        let isBig = file.number(at: 2, bytes: 2) == 43
        if isBig {
            guard file.number(at: 4, bytes: 2) == 8, file.number(at: 6, bytes: 2) == 0 else { return nil }
        }
        let word = isBig ? 8 : 4
        guard let start = file.number(at: isBig ? 8 : 4, bytes: word),
            let entryCount = file.number(at: start, bytes: isBig ? 8 : 2), 1...Self.mostEntries ~= entryCount
        else { return nil }
        for index in 0..<entryCount {
            let entry = start + (isBig ? 8 + index * 20 : 2 + index * 12)
            guard let tag = file.number(at: entry, bytes: 2), let type = file.number(at: entry + 2, bytes: 2),
                let count = file.number(at: entry + 4, bytes: word)
            else { return nil }
            let bytes = count.times(Self.bytes(ofType: type))
            var place = entry + 4 + word
            if bytes > word {
                guard let pointer = file.number(at: place, bytes: word), bytes <= file.count,
                    pointer <= file.count - bytes
                else { return nil }
                place = pointer
                valueBytes = valueBytes.plus(bytes)
            } else if file.number(at: place, bytes: word) == nil, bytes > 0 {
                // The number is too large for an `Int`; its bytes have to be there all the same.
                guard place <= file.count - word else { return nil }
            }
            guard entries.updateValue(Entry(type: type, count: count, place: place), forKey: tag) == nil
            else {
                return nil
            }
        }
    }

    /// The most entries of a directory; encoders write about twenty.
    private static let mostEntries = 1000

    private static func bytes(ofType type: Int) -> Int {
        switch type {
        case 3, 8: 2
        case 4, 9, 11, 13: 4
        case 5, 10, 12, 16, 17, 18: 8
        default: 1
        }
    }

    func has(_ tag: Tag) -> Bool { entries[tag.rawValue] != nil }

    func count(_ tag: Tag) -> Int? { entries[tag.rawValue]?.count }

    /// The first value of a tag with whole numbers; nil if there is none.
    func value(_ tag: Tag) -> Int? { values(tag)?.first }

    /// The first few values of a tag.
    func values(_ tag: Tag) -> [Int]? {
        guard let entry = entries[tag.rawValue], [1, 3, 4, 16].contains(entry.type) else { return nil }
        let bytes = Self.bytes(ofType: entry.type)
        return (0..<min(entry.count, 8)).compactMap {
            file.number(at: entry.place + $0 * bytes, bytes: bytes)
        }
    }
}
