internal import CPictures

/// What a PNG tells about itself before its pixels.
struct PNGHeader: Equatable {
    let size: PixelSize
    let isInterlaced: Bool
    let orientation: Orientation

    /// Reads the header; nil if it is damaged.
    ///
    /// All chunks are visited once, without reading their content, to find the orientation, which may come after the
    /// pixels. Damage after the header is left to the decoder.
    init?(_ file: FileFields) {
        guard file.number(at: 8, bytes: 4) == 13, file.has("IHDR", at: 12),
            let width = file.number(at: 16, bytes: 4), let height = file.number(at: 20, bytes: 4),
            let bits = file.number(at: 24, bytes: 1), let colours = file.number(at: 25, bytes: 1),
            file.number(at: 26, bytes: 2) == 0, let interlacing = file.number(at: 28, bytes: 1),
            1...Self.longestSide ~= width, 1...Self.longestSide ~= height, interlacing <= 1,
            Self.bits(ofColours: colours).contains(bits), file.number(at: 29, bytes: 4) != nil
        else { return nil }
        size = PixelSize(width: width, height: height)
        isInterlaced = interlacing == 1
        orientation = Self.orientation(in: file)
    }

    private static let longestSide = 0x7FFF_FFFF

    private static func bits(ofColours type: Int) -> [Int] {
        switch type {
        case 0: [1, 2, 4, 8, 16]
        case 2, 4, 6: [8, 16]
        case 3: [1, 2, 4, 8]
        default: []
        }
    }

    private static func orientation(in file: FileFields) -> Orientation {
        var chunk = 8
        while let length = file.number(at: chunk, bytes: 4), !file.has("IEND", at: chunk + 4) {
            let body = chunk + 8
            if file.has("eXIf", at: chunk + 4) {
                return file.part(from: body, to: body + length).map { Orientation(exif: $0.bytes) }
                    ?? .upright
            }
            chunk = body + length + 4
        }
        return .upright
    }

    /// The bytes that libpng holds: two stored rows and its window, and all pixels if the picture is interlaced.
    var memoryBytes: Int {
        let rows = size.width.times(2 * 8 + CodedPicture.stripHeight * 3)
        return (isInterlaced ? size.width.times(size.height).times(3) : 0).plus(rows).plus(1 << 17)
    }
}
