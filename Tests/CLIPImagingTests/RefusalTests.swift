import CLIPImaging
import Testing

@Suite("Images that are refused")
struct RefusalTests {
    private func refusal(of image: [UInt8], limits: ImageLimits = ImageLimits()) -> ImagingError? {
        do throws(ImagingError) {
            _ = try ImagePreprocessor(size: 16, limits: limits).pixels(of: image)
            return nil
        } catch {
            return error
        }
    }

    @Test("No bytes")
    func empty() {
        #expect(refusal(of: []) == .empty)
    }

    @Test(
        "Bytes of no known format, or of one that libvips knows and we do not want",
        arguments: [
            "x", "hello, world", "%PDF-1.7\n", "<svg xmlns='http://www.w3.org/2000/svg'/>",
            "P6\n1 1\n255\n...",
            "\0\0\u{1}\0\u{1}\0", "#?RADIANCE\n", "SIMPLE  =", "RIFF\0\0\0\0WAVEfmt ",
            "\0\0\0\u{18}ftypisom\0\0\0\0mp42isom",
        ]
    )
    func unknownFormat(text: String) {
        #expect(refusal(of: Array(text.utf8)) == .unknownFormat)
    }

    @Test("A format that is not allowed", arguments: ImageFormat.allCases)
    func formatNotAllowed(format: ImageFormat) throws {
        let golden = try #require(try GoldenCases.all().first { $0.format == format.rawValue })
        let others = Set(ImageFormat.allCases).subtracting([format])
        #expect(
            refusal(of: try golden.image(), limits: ImageLimits(formats: others)) == .formatNotAllowed(format)
        )
    }

    @Test("More bytes than allowed")
    func tooManyBytes() {
        #expect(
            refusal(of: [1, 2, 3], limits: ImageLimits(maxEncodedBytes: 2))
                == .tooManyBytes(count: 3, limit: 2)
        )
    }

    @Test("More pixels than allowed, in every format", arguments: ImageFormat.allCases)
    func tooManyPixels(format: ImageFormat) throws {
        for golden in try GoldenCases.all()
        where golden.format == format.rawValue && golden.name != "jpeg-one-pixel" {
            guard
                case .tooManyPixels(let width, let height, 10) =
                    refusal(of: try golden.image(), limits: ImageLimits(maxPixels: 10))
            else {
                Issue.record("\(golden.name) was not refused for its pixels")
                continue
            }
            #expect(width * height > 10)
        }
    }

    @Test("A side longer than allowed")
    func sideTooLong() throws {
        let image = try GoldenCases.named("jpeg-wide").image()
        let found = refusal(of: image, limits: ImageLimits(maxSide: 199))
        #expect(found == .sideTooLong(width: 200, height: 9, limit: 199))
        #expect(refusal(of: image, limits: ImageLimits(maxSide: 200)) == nil)
    }

    @Test("A picture more elongated than allowed")
    func tooElongated() throws {
        let image = try GoldenCases.named("jpeg-tall").image()
        let found = refusal(of: image, limits: ImageLimits(maxAspectRatio: 22))
        #expect(found == .tooElongated(width: 9, height: 200, limit: 22))
        #expect(refusal(of: image, limits: ImageLimits(maxAspectRatio: 23)) == nil)
    }

    @Test("A signature with nothing behind it", arguments: ImageFormat.allCases)
    func badHeader(format: ImageFormat) throws {
        let golden = try #require(try GoldenCases.all().first { $0.format == format.rawValue })
        #expect(refusal(of: Array(try golden.image().prefix(24))) == .badHeader(format))
    }

    @Test(
        "Pixels that end early",
        arguments: ["jpeg-baseline-420", "png-rgb", "bmp-24-bit", "tiff-lzw"]
    )
    func badPixels(name: String) throws {
        let golden = try GoldenCases.named(name)
        let format = try #require(ImageFormat(rawValue: golden.format))
        let image = try golden.image()
        // The directory of this TIFF stands behind its pixels, so they are damaged rather than cut off.
        let damaged =
            format == .tiff
            ? image.prefix(100) + [UInt8](repeating: 0, count: 400) + image.dropFirst(500)
            : image.dropLast(image.count / 3)
        #expect(refusal(of: Array(damaged)) == .badPixels(format))
    }

    @Test("Colours with no plain way to RGB")
    func unsupportedColours() throws {
        let image = try GoldenCases.named("tiff-tiles").image()
        // The photometric interpretation of the directory: RGB becomes CIE Lab.
        let lab = image.replacing([6, 1, 3, 0, 1, 0, 0, 0, 2, 0], with: [6, 1, 3, 0, 1, 0, 0, 0, 8, 0])
        #expect(lab != image)
        #expect(refusal(of: lab) == .unsupportedColours(.tiff))
    }

    @Test("Limits that make no sense are reported together")
    func limits() {
        #expect(ImageLimits().validate().isEmpty)
        let limits = ImageLimits(
            maxEncodedBytes: 0,
            maxPixels: -1,
            maxSide: 1 << 40,
            maxAspectRatio: 0,
            formats: []
        )
        #expect(limits.validate().count == 5)
    }

    @Test("What stands behind the image does not matter")
    func trailingBytes() throws {
        for name in ["jpeg-progressive", "png-rgb", "gif-palette", "webp-lossless", "bmp-24-bit", "tiff-lzw"]
        {
            let golden = try GoldenCases.named(name)
            let preprocessor = ImagePreprocessor(size: golden.size)
            let image = try golden.image()
            #expect(
                try preprocessor.pixels(of: image + Array("trailing".utf8)) == preprocessor.pixels(of: image)
            )
        }
    }
}
