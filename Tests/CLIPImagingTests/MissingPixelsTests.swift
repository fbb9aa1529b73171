import CLIPImaging
import Testing

@Suite("A JPEG whose pixels are not all there is refused, one with bytes too many is not")
struct MissingPixelsTests {
    private let preprocessor = ImagePreprocessor(size: 16)

    private func outcome(_ image: [UInt8]) -> ImagingError? { preprocessor.refusal(of: image) }

    private func marker(_ code: ClosedRange<UInt8>, in image: [UInt8], after start: Int = 0) throws -> Int {
        try #require(
            image.indices.dropLast().first {
                $0 >= start && image[$0] == 0xFF && code.contains(image[$0 + 1])
            }
        )
    }

    @Test(
        "One that was cut off and given an end is refused, wherever it was cut",
        arguments: ["jpeg-baseline-420", "jpeg-baseline-444", "jpeg-grey", "jpeg-cmyk", "jpeg-restarts"]
    )
    func cutAndEnded(name: String) throws {
        let image = try GoldenCases.named(name).image()
        let data = try marker(0xDA...0xDA, in: image) + 20
        for quarter in 1...3 {
            let cut = data + (image.count - data) * quarter / 4
            let found = outcome(Array(image[..<cut]) + [0xFF, 0xD9])
            #expect(found == .badPixels(.jpeg), "after \(cut) of \(image.count) bytes")
        }
    }

    @Test("A progressive one is refused where a scan ends early")
    func cutScan() throws {
        let image = try GoldenCases.named("jpeg-progressive").image()
        let scan = try marker(0xDA...0xDA, in: image)
        let next = try marker(0xC4...0xC4, in: image, after: scan)
        let cut = Array(image[..<(scan + (next - scan) / 2)]) + image[next...]
        #expect(outcome(cut) == .badPixels(.jpeg))
    }

    @Test("One of several scans is refused where a component is in none of them")
    func missingScans() {
        #expect(outcome(JPEG.inScans(width: 64, height: 48)) == nil)
        #expect(outcome(JPEG.inScans(width: 64, height: 48, scans: 2)) == .badPixels(.jpeg))
        #expect(outcome(JPEG.inScans(width: 64, height: 48, scans: 1)) == .badPixels(.jpeg))
    }

    @Test("One that misses a restart marker is refused, and one with a code that has no meaning")
    func damaged() throws {
        var image = try GoldenCases.named("jpeg-restarts").image()
        let data = try marker(0xDA...0xDA, in: image)
        let restart = try marker(0xD1...0xD1, in: image, after: data)
        image.removeSubrange(restart..<restart + 2)
        #expect(outcome(image) == .badPixels(.jpeg))
        // Ones are no code of a table that has the code 0 only.
        var meaningless = JPEG.inScans(width: 64, height: 48)
        let scan = try marker(0xDA...0xDA, in: meaningless)
        meaningless[scan + 12] = 0x7F
        #expect(outcome(meaningless) == .badPixels(.jpeg))
    }

    @Test("Bytes before a marker, an unknown version and what stands behind the end are no reason to refuse")
    func harmless() throws {
        let image = try GoldenCases.named("jpeg-baseline-420").image()
        let pixels = try preprocessor.pixels(of: image)
        var padded = image
        padded.insert(contentsOf: [1, 2, 3, 4], at: try marker(0xDB...0xDB, in: image))
        #expect(try preprocessor.pixels(of: padded) == pixels)
        var late = image
        late.insert(contentsOf: [0, 0, 0], at: image.count - 2)
        #expect(try preprocessor.pixels(of: late) == pixels)
        let version = try marker(0xE0...0xE0, in: image) + 9
        var newer = image
        newer[version] = 9
        #expect(newer != image)
        #expect(try preprocessor.pixels(of: newer) == pixels)
        #expect(try preprocessor.pixels(of: image + Array("behind".utf8)) == pixels)
    }

    @Test("A JPEG in a TIFF may be as large as its strip, and no larger")
    func strips() {
        func picture(_ height: Int) -> [UInt8] {
            TIFF.file(
                width: 64,
                height: 8,
                samples: 3,
                bits: 8,
                photometric: 6,
                compression: 7,
                extra: [(530, 3, [1, 1])],
                data: JPEG.inScans(width: 64, height: height, dataOf: (64, 8))
            )
        }
        #expect(outcome(picture(8)) == nil)
        for height in [9, 16, 3900, 65_500] { #expect(outcome(picture(height)) == .badPixels(.tiff)) }
    }
}
