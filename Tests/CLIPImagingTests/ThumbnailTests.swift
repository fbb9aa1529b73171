import CLIPImaging
import CLIPTestSupport
import Testing

@Suite("Thumbnails")
struct ThumbnailTests {
    private static let maker = ThumbnailMaker(longestSide: 256)
    private static let preprocessor = ImagePreprocessor(recipe: .openAI(imageSize: 32))

    /// Width and height of a baseline JPEG, from its frame header (ITU T.81, B.2.2).
    private static func size(ofJPEG bytes: [UInt8]) -> [Int]? {
        var place = 2
        while place + 8 < bytes.count, bytes[place] == 0xFF {
            func word(_ offset: Int) -> Int {
                Int(bytes[place + offset]) << 8 | Int(bytes[place + offset + 1])
            }
            if bytes[place + 1] == 0xC0 { return [word(7), word(5)] }
            place += 2 + word(2)
        }
        return nil
    }

    /// An uncompressed bitmap of one colour.
    private static func bitmap(_ width: Int, _ height: Int) -> [UInt8] {
        func word(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(value >> (8 * $0) & 255) }
        }
        let row = (3 * width + 3) / 4 * 4
        var bytes = Array("BM".utf8) + word(54 + row * height, 4) + word(0, 4) + word(54, 4)
        bytes += word(40, 4) + word(width, 4) + word(height, 4) + word(1, 2) + word(24, 2) + word(0, 24)
        return bytes + [UInt8](repeating: 90, count: row * height)
    }

    @Test(
        "A thumbnail shows what the picture shows, upright",
        arguments: [
            "jpeg-baseline-420.jpg", "jpeg-cmyk.jpg", "jpeg-grey.jpg", "jpeg-progressive.jpg",
            "png-palette.png",
            "png-grey-16-bit.png", "tiff-orientation-5.tif", "avif-orientation-6.avif", "gif-animated.gif",
            "png-orientation-6.png",
        ] + (1...8).map { "jpeg-orientation-\($0).jpg" }
    )
    func content(name: String) throws {
        let picture = try Fixture.bytes("imaging/\(name)")
        let small = try Self.maker.jpeg(of: picture)
        let (one, other) = (
            try Self.preprocessor.pixels(of: picture), try Self.preprocessor.pixels(of: small)
        )
        func difference(_ bytes: some Sequence<UInt8>) -> Double {
            let differences = zip(one.bytes, bytes).map { abs(Int($0) - Int($1)) }
            return Double(differences.reduce(0, +)) / Double(differences.count)
        }
        // The fixtures' fine patterns lose most of what a JPEG loses.
        #expect(difference(other.bytes) < 25, "\(name): \(difference(other.bytes))")
        #expect(difference(other.bytes.reversed()) > 1.5 * difference(other.bytes), "\(name) upside down")
        // Nothing of EXIF, places and cameras among it, comes along.
        #expect(!small.indices.dropLast(1).contains { small[$0] == 0xFF && small[$0 + 1] == 0xE1 })
    }

    @Test(
        "The longer side has 256 pixels, and smaller pictures keep their size",
        arguments: [
            ([512, 256], [256, 128]), ([300, 600], [128, 256]), ([257, 257], [256, 256]),
            ([256, 3], [256, 3]),
            ([16, 8], [16, 8]), ([1, 1], [1, 1]), ([2000, 1], [256, 1]), ([1, 2000], [1, 256]),
        ]
    )
    func sizes(size: [Int], expected: [Int]) throws {
        let small = try Self.maker.jpeg(of: Self.bitmap(size[0], size[1]))
        #expect(Self.size(ofJPEG: small) == expected)
    }

    @Test("Pictures beyond the limits are refused as for models, before a pixel is decoded")
    func limits() throws {
        let maker = ThumbnailMaker(longestSide: 256, limits: ImageLimits(maxPixels: 1000))
        #expect(throws: ImagingError.tooManyPixels(width: 40, height: 30, limit: 1000)) {
            try maker.jpeg(of: Self.bitmap(40, 30))
        }
        #expect(throws: ImagingError.empty) { try maker.jpeg(of: []) }
        var asked = 0
        #expect {
            try Self.maker.jpeg(
                of: Self.bitmap(40, 30),
                admitting: {
                    asked = $0
                    return false
                }
            )
        } throws: {
            $0 as? ImagingError == .notAdmitted(bytes: asked)
        }
        #expect(asked > 2 * 3 * 256 * 256)
        #expect(throws: ImagingError.stopped) {
            try Self.maker.jpeg(of: Self.bitmap(40, 30), stop: DecodeStop { true })
        }
    }
}
