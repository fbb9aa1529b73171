import CLIPImaging
import Synchronization
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
        "Bytes of no known format are told by what they look like",
        arguments: [
            ("x", .text), ("hello, world", .text), ("%PDF-1.7\n", .pdf),
            ("<svg xmlns='http://www.w3.org/2000/svg'/>", .svg), ("<?xml version='1.0'?><svg/>", .svg),
            ("<?xml version='1.0'?><feed/>", .xml), ("<!DOCTYPE html><title>404</title>", .html),
            ("  <html><body>Not found</body></html>", .html), ("{\"error\": 404}", .json), ("[1, 2]", .json),
            ("P6\n1 1\n255\n...", .netpbm), ("\0\0\u{1}\0\u{1}\0", .icon), ("#?RADIANCE\n", .radiance),
            ("SIMPLE  =", .fits), ("RIFF\0\0\0\0WAVEfmt ", .audio), ("RIFF\0\0\0\0AVI LIST", .video),
            ("\0\0\0\u{18}ftypisom\0\0\0\0mp42isom", .video), ("\0\0\0\u{18}ftypmif1\0\0\0\0miafmif1", .heif),
            ("\0\0\0\u{18}ftypavci\0\0\0\0mif1avci", .heif),
            ("\0\0\0\u{c}JXL \r\n", .jpegXL),
            ("\0\0\0\u{c}jP  \r\n", .jpeg2000), ("8BPS\0\u{1}", .photoshop), ("PK\u{3}\u{4}", .zip),
            ("/9j/4AAQSkZJRg==", .base64), ("data:image/png;base64,iVBORw0KGgo=", .dataURL), ("qoif", .qoi),
            ("%!PS-Adobe-3.0", .postScript), ("ID3\u{3}", .audio), ("Rar!\u{1a}\u{7}", .archive),
        ] as [(String, LikelyContent)]
    )
    func unknownFormat(text: String, content: LikelyContent) {
        #expect(refusal(of: Array(text.utf8)) == .unknownFormat(content))
    }

    @Test("Bytes that look like nothing are told to be that, and text cut within a character is text")
    func unknownBytes() {
        #expect(refusal(of: [1, 2, 3, 200, 201]) == .unknownFormat(nil))
        #expect(refusal(of: [0x1F, 0x8B, 8, 0]) == .unknownFormat(.gzip))
        #expect(refusal(of: [0, 0, 2, 0, 1, 0, 16, 16]) == .unknownFormat(.icon))
        // How a picture of TGA begins.
        #expect(refusal(of: [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 16, 0, 24]) == .unknownFormat(nil))
        #expect(refusal(of: [0xFF, 0x0A, 0xFA, 0x1F]) == .unknownFormat(.jpegXL))
        #expect(refusal(of: [0xFF, 0x4F, 0xFF, 0x51]) == .unknownFormat(.jpeg2000))
        #expect(refusal(of: [0xEF, 0xBB, 0xBF] + Array("<html>".utf8)) == .unknownFormat(.html))
        #expect(
            refusal(of: Array(String(repeating: "é", count: 600).utf8.dropFirst(0))) == .unknownFormat(.text)
        )
        #expect(refusal(of: Array(("x" + String(repeating: "é", count: 600)).utf8)) == .unknownFormat(.text))
        #expect(refusal(of: [0x89, 0x50, 0x4E, 0x47, 0x0A, 0x1A, 0x0A]) == .unknownFormat(.brokenPNG))
    }

    @Test("What nobody admits, takes too much memory, or is stopped, is refused before its first pixel")
    func admission() throws {
        for golden in try GoldenCases.all() where golden.format != "heic" {
            let image = try golden.image()
            let preprocessor = ImagePreprocessor(size: 16)
            var asked: [Int] = []
            #expect(throws: ImagingError.self) {
                try preprocessor.pixels(
                    of: image,
                    admitting: {
                        asked.append($0); return false
                    },
                    stop: DecodeStop()
                )
            }
            let bytes = try #require(asked.first)
            #expect(asked.count == 1 && bytes > 0, "\(golden.name)")
            #expect(throws: ImagingError.notAdmitted(bytes: bytes)) {
                try preprocessor.pixels(of: image, admitting: { _ in false }, stop: DecodeStop())
            }
            #expect(refusal(of: image, limits: ImageLimits(maxDecodeBytes: bytes)) == nil)
            #expect(
                refusal(of: image, limits: ImageLimits(maxDecodeBytes: bytes - 1))
                    == .tooMuchMemory(bytes: bytes, limit: bytes - 1)
            )
            let hasLeft = Atomic(false)
            let stopped = DecodeStop(unless: { hasLeft.load(ordering: .relaxed) })
            #expect(throws: ImagingError.stopped, "\(golden.name)") {
                // The client leaves between the header and the first pixel.
                try preprocessor.pixels(
                    of: image,
                    admitting: { _ in
                        hasLeft.store(true, ordering: .relaxed)
                        return true
                    },
                    stop: stopped
                )
            }
            let late = DecodeStop(after: .milliseconds(-1))
            #expect(throws: ImagingError.tookTooLong(limit: .milliseconds(-1))) {
                try preprocessor.pixels(of: image, admitting: { _ in true }, stop: late)
            }
        }
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
                    refusal(
                        of: try golden.image(),
                        limits: ImageLimits(maxPixels: 10, formats: Set(ImageFormat.allCases))
                    )
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
        let limits = ImageLimits(formats: Set(ImageFormat.allCases))
        #expect(refusal(of: Array(try golden.image().prefix(24)), limits: limits) == .badHeader(format))
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
