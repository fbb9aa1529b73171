import CLIPImaging
import CLIPTestSupport
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("What a decode may cost is known before it begins, and it can be ended", .serialized)
struct DecodeCostTests {
    /// Pictures that say much in few bytes, of the sides that cost most.
    private enum Dear {
        static func png(side: Int, interlaced: Bool, surplus: Int = 0) -> [UInt8] {
            let header = big(side) + big(side) + [16, 6, 0, 0, interlaced ? 1 : 0]
            // Rows of zeroes, each behind the number of its filter, which is zero as well.
            let data = Zeroes.zlib(side * side * 8 + side * 16 + surplus)
            return PNG.file([("IHDR", header), ("IDAT", data), ("IEND", [])])
        }

        static func tiff(
            width: Int,
            height: Int,
            samples: Int,
            bits: Int,
            photometric: Int = 2,
            tile: (Int, Int)? = nil
        ) -> [UInt8] {
            let data = Zeroes.zlib(width * height * min(samples, 8) * bits / 8)
            return TIFF.file(
                width: width,
                height: height,
                samples: samples,
                bits: bits,
                photometric: photometric,
                compression: 8,
                tile: tile,
                data: data
            )
        }

        /// A stream of one colour, with as many bytes as its blocks take.
        static func av1(_ side: Int, frames: Int = 1) -> [UInt8] {
            AV1.stream(said: (side, side), bytes: side * side / 1900 + 60, frames: frames)
        }

        static func avif(_ side: Int, frames: Int) -> [UInt8] {
            var file = MediaFile()
            file.items = [.init(type: "av01", size: (side, side), code: av1(side, frames: frames))]
            return file.bytes
        }
    }

    private let preprocessor = ImagePreprocessor(size: 32)

    /// The refusal, and the bytes that were asked for.
    private func outcome(_ image: [UInt8], stop: DecodeStop = DecodeStop()) -> (ImagingError?, Int) {
        var asked = 0
        do throws(ImagingError) {
            _ = try preprocessor.pixels(
                of: image,
                admitting: {
                    asked = $0; return true
                },
                stop: stop
            )
            return (nil, asked)
        } catch {
            return (error, asked)
        }
    }

    @Test("More than five samples a pixel are refused by the header of a TIFF")
    func manySamples() {
        for (samples, bits) in [(5000, 16), (1000, 8), (6, 8), (65_535, 32)] {
            let image = Dear.tiff(width: 4096, height: 64, samples: samples, bits: bits)
            let (error, asked) = outcome(image)
            #expect(error == .unsupportedColours(.tiff) && asked == 0, "\(samples) samples")
        }
        #expect(outcome(Dear.tiff(width: 64, height: 64, samples: 5, bits: 16)).0 == nil)
    }

    @Test("A tile, or a strip that the library converts, of more than it decodes without a pause is refused")
    func hugePieces() {
        let tile = Dear.tiff(
            width: 4096,
            height: 4096,
            samples: 1,
            bits: 8,
            photometric: 1,
            tile: (4096, 4096)
        )
        #expect(outcome(tile).0 == .badHeader(.tiff))
        let strip = Dear.tiff(width: 4096, height: 4096, samples: 3, bits: 8, photometric: 6)
        #expect(outcome(strip).0 == .badHeader(.tiff))
        #expect(
            outcome(
                Dear.tiff(width: 1024, height: 1024, samples: 1, bits: 8, photometric: 1, tile: (1024, 1024))
            ).0
                == nil
        )
    }

    @Test("A PNG whose data go on behind its last pixel is refused soon after it")
    func endlessPNG() {
        // Unpacked to its end it would be taken, as one with a small surplus is.
        #expect(outcome(Dear.png(side: 64, interlaced: false, surplus: 100 << 20)).0 == .badPixels(.png))
        #expect(outcome(Dear.png(side: 64, interlaced: false, surplus: 100)).0 == nil)
    }

    @Test("A decode ends soon after its deadline, and soon after its client left")
    func stops() {
        let pictures: [(String, [UInt8])] = [
            ("PNG", Dear.png(side: 4000, interlaced: false)),
            ("interlaced PNG", Dear.png(side: 4000, interlaced: true)),
            ("TIFF", Dear.tiff(width: 6000, height: 6000, samples: 5, bits: 16)),
            ("JPEG in scans", JPEG.inScans(width: 8000, height: 8000)),
        ]
        for (name, image) in pictures {
            let start = threadTime()
            let (error, _) = outcome(image, stop: DecodeStop(after: .milliseconds(20)))
            let time = threadTime() - start
            #expect(error == .tookTooLong(limit: .milliseconds(20)), "\(name)")
            #expect(time < .milliseconds(20 + 200), "\(name) took \(time)")
        }
    }

    @Test("What libraries decode in one go, and what is read here, ends soon after its client left as well")
    func stopsWhole() {
        let lost = Array(repeating: [0xFF, 5] as [UInt8], count: 1 << 19).joined() + [0, 1]
        let literal =
            Array(repeating: [0, 254] + [UInt8](repeating: 1, count: 254), count: 1 << 12).joined() + [0, 1]
        let tile = AV1.stream(said: (2048, 1536), bytes: 2100)
        let pictures: [(String, [UInt8])] = [
            ("WebP", WebP.flat(side: 6200)),
            ("WebP with transforms", WebP.flat(side: 3800, mode: 13)),
            ("WebP with sets of codes", WebP.codes(side: 1024, count: 22_000)),
            ("AVIF in tiles", MediaFile.grid(tile, of: (2048, 1536), columns: 2, rows: 2).bytes),
            ("BMP with lost runs", Bitmap.runs(Array(lost))),
            ("BMP with lost indices", Bitmap.runs(Array(literal))),
            ("GIF", GIF.flat(side: 6000)),
            ("GIF with blocks", GIF.flat(side: 8, blocks: 1 << 21)),
        ]
        for (name, image) in pictures {
            // Left as soon as somebody asks once more after the first time.
            let asked = Atomic(0)
            let stop = DecodeStop(unless: { asked.add(1, ordering: .relaxed).newValue > 2 })
            let start = threadTime()
            let (error, _) = outcome(image, stop: stop)
            let time = threadTime() - start
            #expect(error == .stopped, "\(name)")
            #expect(time < .milliseconds(1000), "\(name) took \(time)")
        }
    }

    #if canImport(Glibc)
    @Test("No decode holds more than its header lets expect, and ordinary ones more than a third of it")
    func estimates() async {
        // In a process of its own, whose highest memory is that of the pictures here, from cheap to dear.
        await #expect(processExitsWith: .success) {
            let suite = DecodeCostTests()
            let dear: [(String, [UInt8])] = [
                ("TIFF", Dear.tiff(width: 4000, height: 4000, samples: 4, bits: 16)),
                ("PNG", Dear.png(side: 3000, interlaced: false)),
                ("interlaced PNG", Dear.png(side: 3000, interlaced: true)),
                (
                    "tiles",
                    Dear.tiff(width: 2800, height: 2800, samples: 5, bits: 16, tile: (2800, 2800))
                ),
                ("JPEG in scans", JPEG.inScans(width: 4000, height: 4000)),
                (
                    "JPEG in a TIFF",
                    TIFF.file(
                        width: 2800,
                        height: 2800,
                        samples: 3,
                        bits: 8,
                        photometric: 6,
                        compression: 7,
                        extra: [(530, 3, [1, 1])],
                        data: JPEG.inScans(width: 2800, height: 2800)
                    )
                ),
                ("WebP", WebP.flat(side: 5000)),
                ("WebP with transforms", WebP.flat(side: 3800, mode: 11)),
                ("WebP with sets of codes", WebP.codes(side: 512, count: 16_000)),
                ("GIF", GIF.flat(side: 7000)),
                ("BMP", Bitmap.runs(Array(repeating: 0, count: 8) + [0, 1])),
                ("AVIF", Dear.avif(3000, frames: 1)),
                ("AVIF in layers", Dear.avif(1700, frames: 4)),
                (
                    "AVIF of tiles",
                    MediaFile.grid(Dear.av1(1024), of: (1024, 1024), columns: 3, rows: 3).bytes
                ),
                (
                    "AVIF of small tiles",
                    MediaFile.grid(Dear.av1(64), of: (64, 64), columns: 20, rows: 20).bytes
                ),
            ]
            try suite.keepNothingLarge()
            // What the process needs for its first picture at all.
            _ = suite.outcome(try GoldenCases.named("png-rgb").image())
            _ = suite.outcome(try GoldenCases.named("tiff-lzw").image())
            _ = suite.outcome(try GoldenCases.named("jpeg-progressive").image())
            for (name, image) in dear {
                try suite.forgetHighestMemory()
                let before = try suite.highestMemory()
                let (outcome, expected) = suite.outcome(image)
                let held = try suite.highestMemory() - before
                if name != "BMP" { #expect(outcome == nil, "\(name)") }
                // A page here and there is the allocator's.
                #expect(held <= expected + 2 << 20, "\(name): \(held) of \(expected)")
                if expected > 40 << 20 { #expect(held > expected / 3, "\(name): \(held) of \(expected)") }
            }
        }
    }

    @Test(
        "Without memory there is an error, never a picture and never an end of the process",
        arguments: [48, 128, 224]
    )
    func noMemory(megabytes: Int) async {
        await #expect(processExitsWith: .success) { [megabytes] in
            let suite = DecodeCostTests()
            let pictures = [
                Dear.png(side: 4000, interlaced: true),
                Dear.tiff(width: 2800, height: 2800, samples: 5, bits: 16, tile: (2800, 2800)),
                JPEG.inScans(width: 6000, height: 6000),
            ]
            let small = try GoldenCases.named("png-rgb").image()
            let right = try suite.preprocessor.pixels(of: small)
            var limit = rlimit()
            let taken = try suite.addressSpace()
            limit.rlim_cur = rlim_t(taken + megabytes << 20)
            limit.rlim_max = limit.rlim_cur
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
            for image in pictures {
                let (error, _) = suite.outcome(image)
                // What there is enough for ends well, or as it would have.
                #expect(error == nil || error == .outOfMemory)
            }
            #expect(try suite.preprocessor.pixels(of: small) == right)
        }
    }

    /// The most that this process held, not counting what it was before it became this program.
    private func highestMemory() throws -> Int {
        let file = try #require(fopen("/proc/self/status", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if text.hasPrefix("VmHWM") { return try #require(Int(text.filter(\.isNumber))) << 10 }
        }
        throw NoFigure()
    }

    private struct NoFigure: Error {}

    /// What one picture leaves in the allocator's hands would hide what the next one takes.
    private func keepNothingLarge() throws {
        let mallopt = unsafeBitCast(
            try #require(dlsym(nil, "mallopt")),
            to: (@convention(c) (CInt, CInt) -> CInt).self
        )
        let mmapThreshold: CInt = -3
        #expect(mallopt(mmapThreshold, 128 << 10) == 1)
    }

    /// What making the pictures took is not asked for.
    private func forgetHighestMemory() throws {
        let file = try #require(fopen("/proc/self/clear_refs", "w"))
        defer { fclose(file) }
        #expect(fputs("5", file) >= 0)
    }

    private func addressSpace() throws -> Int {
        let file = try #require(fopen("/proc/self/statm", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        let text = try #require(fgets(&line, Int32(line.count), file))
        return try #require(Int(String(cString: text).split(separator: " ")[0]))
            * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
    #endif
}
