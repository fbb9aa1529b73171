import CLIPImaging
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("Hostile images are refused and cost little", .serialized)
struct HostileImageTests {
    private let preprocessor = ImagePreprocessor(
        size: 8,
        limits: ImageLimits(maxPixels: 1 << 20, formats: Set(ImageFormat.allCases))
    )

    /// The error, or nil when the picture was taken.
    private func outcome(_ image: [UInt8]) -> ImagingError? { preprocessor.refusal(of: image) }

    /// Whether a picture is refused, and within a time that even a busy machine keeps.
    private func isRefusedSwiftly(_ image: [UInt8]) -> Bool {
        let start = ContinuousClock.now
        let isRefused = outcome(image) != nil
        return isRefused && ContinuousClock.now - start < .seconds(5)
    }

    @Test("A PNG that claims 60,000 x 60,000 pixels is refused by its header")
    func lyingPNG() throws {
        var image = try GoldenCases.named("png-rgb").image()
        image.replaceSubrange(16..<24, with: [0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60])
        image.replaceSubrange(29..<33, with: crc(of: image[12..<29]))
        #expect(outcome(image) == .tooManyPixels(width: 60_000, height: 60_000, limit: 1 << 20))
    }

    @Test("A JPEG that claims 65,535 x 65,535 pixels is refused by its header")
    func lyingJPEG() throws {
        for name in ["jpeg-baseline-420", "jpeg-progressive"] {
            var image = try GoldenCases.named(name).image()
            let frame = try #require(
                image.indices.dropLast().first { image[$0] == 0xFF && [0xC0, 0xC2].contains(image[$0 + 1]) }
            )
            // 65,500 is the most that libjpeg reads itself; past it the header is bad already.
            image.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
            #expect(outcome(image) == .tooManyPixels(width: 65_500, height: 65_500, limit: 1 << 20))
            image.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xFF, 0xFF, 0xFF])
            #expect(outcome(image) == .badHeader(.jpeg))
        }
    }

    @Test("A progressive JPEG of more scans than any encoder writes is refused")
    func endlessScans() throws {
        let image = try GoldenCases.named("jpeg-progressive").image()
        func marker(_ code: UInt8, after start: Int) throws -> Int {
            try #require(
                image.indices.dropLast().first {
                    $0 >= start && image[$0] == 0xFF && image[$0 + 1] == code
                }
            )
        }
        let scan = try marker(0xDA, after: 0)
        // The first scan ends where tables for the next one begin.
        let end = try marker(0xC4, after: scan)
        func repeating(_ times: Int) -> [UInt8] {
            let scans = (0..<times).flatMap { _ in image[scan..<end] }
            return Array(image[..<end] + scans + image[end...])
        }
        #expect(outcome(repeating(50)) == nil)
        #expect(outcome(repeating(100)) == .badPixels(.jpeg))
    }

    @Test("A GIF whose screen is huge is refused by its header, and one whose frame leaves the screen")
    func lyingGIF() throws {
        let image = try GoldenCases.named("gif-whole-frame").image()
        let descriptor = 13 + 768 + 8  // behind the header, the global palette and the graphic control
        #expect(image[descriptor] == 0x2C)
        let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
        var both = image
        both.replaceSubrange(6..<10, with: huge)
        #expect(outcome(both) == .tooManyPixels(width: 65_535, height: 65_535, limit: 1 << 20))
        both.replaceSubrange(descriptor + 5..<descriptor + 9, with: huge)
        #expect(outcome(both) == .tooManyPixels(width: 65_535, height: 65_535, limit: 1 << 20))

        for canvas: [UInt8] in [[1, 0, 1, 0], [30, 0, 22, 0]] {
            var frame = image
            frame.replaceSubrange(6..<10, with: canvas)
            #expect(outcome(frame) == .badHeader(.gif))
        }
    }

    @Test("TIFF directories that point at themselves come to an end")
    func cyclicTIFF() throws {
        var image = try GoldenCases.named("tiff-tiles").image()
        let directory = Array(image[4..<8])
        let entries = Int(image[Int(directory[0]) | Int(directory[1]) << 8])
        let next = (Int(directory[0]) | Int(directory[1]) << 8) + 2 + entries * 12
        image.replaceSubrange(next..<next + 4, with: directory)
        let start = ContinuousClock.now
        _ = outcome(image)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test("Bitmap headers with every extreme number are refused")
    func lyingBitmap() throws {
        let image = try GoldenCases.named("bmp-24-bit").image()
        for (field, value) in [
            (14, 0xFFFF_FFFF), (14, 0), (14, 41), (18, 0), (18, 0x7FFF_FFFF), (18, 0xFFFF_FFFF),
            (18, 0x8000_0000), (22, 0), (22, 0x7FFF_FFFF), (22, 0x8000_0000), (10, 0xFFFF_FFFF), (28, 0),
            (28, 2), (28, 64), (28, 0xFFFF), (30, 1), (30, 2), (30, 4), (30, 5), (30, 0xFFFF_FFFF),
        ] {
            var hostile = image
            for byte in 0..<(field == 28 ? 2 : 4) { hostile[field + byte] = UInt8(value >> (8 * byte) & 255) }
            let isRefused = isRefusedSwiftly(hostile)
            #expect(isRefused, "field \(field) = \(value)")
        }
        for (field, value) in [(46, 0xFFFF_FFFF), (34, 0xFFFF_FFFF), (2, 0xFFFF_FFFF), (2, 0)] {
            var odd = image
            for byte in 0..<4 { odd[field + byte] = UInt8(value >> (8 * byte) & 255) }
            #expect(outcome(odd) == nil, "field \(field) is not believed, so \(value) is harmless")
        }
    }

    @Test("A run-length coded bitmap may be enormous only in its header")
    func endlessRuns() throws {
        var image = try GoldenCases.named("bmp-runs-8-bit").image()
        image.replaceSubrange(18..<26, with: [0, 4, 0, 0, 0, 4, 0, 0])
        #expect(outcome(image) == nil)  // ends early on purpose, which the coding allows
        image.removeLast(2)
        #expect(outcome(image) == .badPixels(.bmp))
    }

    @Test("Every picture cut at every tenth is refused or taken, and JPEG and PNG are refused")
    func truncated() throws {
        for golden in try GoldenCases.all() {
            let image = try golden.image()
            for tenth in 0..<10 {
                let cut = Array(image.prefix(image.count * tenth / 10))
                let found = outcome(cut)
                // A cut in a later frame leaves the first one whole.
                if ["jpeg", "png", "bmp"].contains(golden.format), golden.name != "png-animated" {
                    #expect(found != nil, "\(golden.name) cut at \(tenth) tenths")
                }
            }
        }
    }

    @Test("Flipped bits never do harm")
    func flipped() throws {
        var random = SplitMix(seed: 10)
        var taken = 0
        var refused = 0
        for golden in try GoldenCases.all() {
            let image = try golden.image()
            for turn in 0..<12 {
                var flipped = image
                for _ in 0...(turn % 4) {
                    // Half of the damage goes to the headers.
                    let last = turn % 2 == 0 ? image.count - 1 : min(image.count - 1, 120)
                    flipped[random.next(in: 0...last)] ^= 1 << UInt8(random.next(in: 0...7))
                }
                let start = ContinuousClock.now
                if outcome(flipped) == nil { taken += 1 } else { refused += 1 }
                #expect(ContinuousClock.now - start < .seconds(5), "\(golden.name), turn \(turn)")
            }
        }
        #expect(taken > 0 && refused > 0)
    }

    @Test("Pictures decoded side by side are the same as one after another")
    func concurrent() async throws {
        let cases = try GoldenCases.all()
        let preprocessor = preprocessor
        let alone = try cases.map { try preprocessor.pixels(of: $0.image()) }
        let together = try await withThrowingTaskGroup(of: (Int, PixelBuffer).self) { group in
            for (index, golden) in cases.enumerated() {
                let image = try golden.image()
                group.addTask { (index, try preprocessor.pixels(of: image)) }
            }
            return try await group.reduce(into: [Int: PixelBuffer]()) { $0[$1.0] = $1.1 }
        }
        for (index, pixels) in alone.enumerated() { #expect(together[index] == pixels) }
    }

    #if canImport(Glibc)
    @Test("Two thousand bad pictures leave memory where it was")
    func flatMemory() async {
        // In a process of its own: what other tests hold at that moment is resident too.
        await #expect(processExitsWith: .success) {
            let suite = HostileImageTests()
            let cases = try GoldenCases.all().filter { $0.format != "heic" && $0.format != "avif" }
            let bad = try cases.map { try Array($0.image().dropLast($0.image().count / 3)) }
            func decode(_ count: Int) {
                for turn in 0..<count { _ = suite.outcome(bad[turn % bad.count]) }
            }
            decode(400)
            let before = try suite.residentBytes()
            decode(2000)
            let grown = try suite.residentBytes() - before
            // One forgotten picture of the smallest kind is more than 20 KiB.
            #expect(grown < 16 << 20, "grew by \(grown) bytes")
        }
    }

    private func residentBytes() throws -> Int {
        let file = try #require(fopen("/proc/self/statm", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        let text = try #require(fgets(&line, Int32(line.count), file))
        let fields = String(cString: text).split(separator: " ")
        return try #require(Int(fields[1])) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
    #endif

    @Test("A tile whose data go on is read as far as it goes, and nothing else that was in memory")
    func longTile() throws {
        // 9,216 bytes of 200 each, for a tile of 768: the last run of a tile goes beyond it.
        let stream: [UInt8] =
            [
                0x78, 0xDA, 0xED, 0xC1, 0x01, 0x0D, 0x00, 0x00, 0x00, 0xC2, 0xA0, 0xFE, 0xCD, 0x1E, 0xCB,
                0x1C, 0x6E,
            ]
            + [0x40, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0xAF, 0x06, 0xE0, 0x45, 0x21, 0xA5]
        let image = TIFF.file(
            width: 16,
            height: 16,
            samples: 3,
            bits: 8,
            photometric: 2,
            compression: 8,
            tile: (16, 16),
            data: stream
        )
        let pixels = try preprocessor.pixels(of: image)
        #expect(pixels.bytes.allSatisfy { $0 == 200 })
    }

    /// The check sum of a PNG chunk.
    private func crc(of bytes: ArraySlice<UInt8>) -> [UInt8] {
        var sum: UInt32 = ~0
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? 0xEDB8_8320 ^ (sum >> 1) : sum >> 1 }
        }
        return withUnsafeBytes(of: (~sum).bigEndian) { Array($0) }
    }
}
