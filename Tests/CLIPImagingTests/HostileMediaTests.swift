import CLIPImaging
import CLIPTestSupport
import Testing

@Suite("AVIF and HEIC whose boxes and streams say different things are refused before a library sees them")
struct HostileMediaTests {
    private let preprocessor = ImagePreprocessor(
        size: 8,
        limits: ImageLimits(formats: Set(ImageFormat.allCases))
    )

    /// The error, or nil when the picture was taken.
    private func outcome(_ file: MediaFile) -> ImagingError? { outcome(file.bytes) }

    private func outcome(_ image: [UInt8]) -> ImagingError? { preprocessor.refusal(of: image) }

    private func one(_ code: [UInt8], said: (Int, Int) = (64, 64)) -> MediaFile {
        var file = MediaFile()
        file.items = [.init(type: "av01", size: said, code: code)]
        return file
    }

    private let honest = AV1.stream(said: (64, 64))

    @Test("The files that are made here are taken as long as nothing is wrong with them")
    func honestOnes() {
        #expect(outcome(one(honest)) == nil)
        #expect(outcome(MediaFile.grid(honest, of: (64, 64), columns: 3, rows: 2)) == nil)
        #expect(outcome(one(AV1.stream(said: (64, 64), frames: 4))) == nil)
        #expect(outcome(one(AV1.stream(said: (64, 64), again: (64, 64)))) == nil)
    }

    @Test("A frame that names a size of its own is refused, whatever its sequence header and its box say")
    func frameSizes() {
        for (said, frame) in [((64, 64), (1024, 1024)), ((64, 64), (64, 64)), ((1024, 1024), (64, 64))] {
            let code = AV1.stream(said: said, frame: frame, bytes: 600)
            #expect(outcome(one(code, said: said)) == .badHeader(.avif))
            #expect(outcome(one(code, said: frame)) == .badHeader(.avif))
        }
        let tile = AV1.stream(said: (64, 64), frame: (1024, 1024), bytes: 600)
        #expect(
            outcome(MediaFile.grid(tile, of: (256, 256), columns: 16, rows: 16)) == .badHeader(.avif)
        )
    }

    @Test("A second sequence header of another size is refused, and a fifth frame")
    func severalSequences() {
        #expect(outcome(one(AV1.stream(said: (64, 64), again: (1024, 1024)))) == .badHeader(.avif))
        #expect(outcome(one(AV1.stream(said: (64, 64), again: (32, 32)))) == .badHeader(.avif))
        #expect(outcome(one(AV1.stream(said: (64, 64), frames: 5))) == .badHeader(.avif))
    }

    @Test("A stream cut off within its headers is refused, wherever it is cut")
    func cutHeaders() {
        for count in 0..<24 {
            let found = outcome(one(Array(honest.prefix(count))))
            #expect(found == .badHeader(.avif), "\(count) bytes")
        }
    }

    @Test("A picture that is announced much larger or smaller than its stream is refused")
    func announcedSizes() throws {
        for size in [(4096, 4096), (8192, 8192), (64, 128), (128, 64)] {
            #expect(outcome(one(honest, said: size)) == .badHeader(.avif))
        }
        #expect(outcome(one(AV1.stream(said: (256, 256)), said: (128, 256))) == .badHeader(.avif))
        for name in ["avif-10-bit", "avif-12-bit", "avif-444", "avif-alpha"] {
            var image = try Fixture.bytes("opencv/\(name).avif")
            #expect(outcome(image) == nil)
            for place in image.indices.dropLast(16)
            where Array(image[place..<place + 4]) == Array("ispe".utf8) {
                image.replaceSubrange(place + 8..<place + 16, with: big(4096) + big(4096))
            }
            #expect(outcome(image) == .badHeader(.avif), "\(name)")
        }
    }

    @Test("A grid of another size than announced, or of fewer or more pictures than places, is refused")
    func grids() {
        let whole = MediaFile.grid(honest, of: (64, 64), columns: 2, rows: 2)
        for plan in [
            MediaFile.plan(2, 2, (2048, 2048)), MediaFile.plan(3, 2, (128, 128)),
            MediaFile.plan(1, 2, (128, 128)), [],
        ] {
            var file = whole
            file.items[0].code = plan
            #expect(outcome(file) == .badHeader(.avif))
        }
    }

    @Test("A grid of grids is refused in AVIF and HEIC", arguments: [ImageFormat.avif, .heic])
    func gridOfGrids(format: ImageFormat) throws {
        var inner = MediaFile.grid(honest, of: (64, 64), columns: 2, rows: 2)
        if format == .heic { inner = try heicGrid() }
        let expected: ImagingError? = outcome(inner)
        #expect(expected == nil || expected == .formatNotAvailable(.heic))
        var file = inner
        let size = (inner.items[0].size.0 * 8, inner.items[0].size.1 * 8)
        file.items.append(
            .init(
                type: "grid",
                size: size,
                code: MediaFile.plan(8, 8, size),
                parts: Array(repeating: 1, count: 64)
            )
        )
        file.primary = file.items.count
        #expect(outcome(file) == expected.map { $0 } ?? .badHeader(format))
    }

    /// Two tiles of the picture of a fixture.
    private func heicGrid() throws -> MediaFile {
        let image = try GoldenCases.named("heic-420").image()
        func place(_ name: String) throws -> Int {
            try #require(image.indices.dropLast(4).first { Array(image[$0..<$0 + 4]) == Array(name.utf8) })
        }
        func number(_ at: Int) -> Int { image[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
        let configuration = try place("hvcC") - 4
        let size = try place("ispe") + 8
        let data = try place("mdat") - 4
        var file = MediaFile.grid(
            Array(image[data + 8..<data + number(data)]),
            of: (number(size), number(size + 4)),
            columns: 2,
            rows: 1
        )
        file.brands = "heicmif1heic"
        file.configuration = Array(image[configuration..<configuration + number(configuration)])
        for index in file.items.indices where file.items[index].type == "av01" {
            file.items[index].type = "hvc1"
        }
        return file
    }

    @Test("Boxes that make a library note more than there is are refused, and swiftly")
    func boxes() {
        let numbers: [[UInt8]] = (2..<20_000).map { Array(big($0).suffix(2)) }
        let strangers = numbers.flatMap { MediaFile.box("cdsc", $0 + [0, 1, 0, 1]) }
        let pieces: [UInt8] = [0, 0, 0xFF, 0xFF]
        let nothing: [UInt8] = [[0, 1]].flatMap { $0 + pieces } + numbers.flatMap { $0 + pieces }
        let unnamed: [UInt8] = numbers.flatMap { (number: [UInt8]) -> [UInt8] in number + [0] }
        let own = one(honest)
        let properties = MediaFile.box(
            "iprp",
            MediaFile.box("ipco", own.configuration)
                + MediaFile.box("ipma", big(0) + big(numbers.count) + unnamed)
        )
        let tables: [(String, [UInt8])] = [
            ("iref", MediaFile.fullBox("iref", strangers)),
            ("iloc", MediaFile.fullBox("iloc", [0, 0] + big(19_999).suffix(2) + nothing)),
            ("iprp", properties),
            ("xtra", MediaFile.fullBox("pitm", [0, 1])),
        ]
        for (name, table) in tables {
            var file = own
            file.tables = [name: table]
            let start = threadTime()
            #expect(outcome(file) == .badHeader(.avif), "\(name)")
            #expect(threadTime() - start < .seconds(1), "\(name)")
        }
        var tracks = own
        tracks.rest = MediaFile.box(
            "moov",
            Array(repeating: MediaFile.box("trak", []), count: 20_000).flatMap { $0 }
        )
        #expect(outcome(tracks) == .badHeader(.avif))
        var twice = own
        twice.rest = MediaFile.fullBox("meta", [])
        #expect(outcome(twice) == .badHeader(.avif))
    }

    @Test("An AVIF above a limit is told which limit it is, with the figure that is above it")
    func limits() {
        let four = MediaFile.grid(AV1.stream(said: (512, 512)), of: (512, 512), columns: 2, rows: 2)
        let few = ImagePreprocessor(size: 8, limits: ImageLimits(maxAVIFPixels: 1 << 20 - 1))
        #expect(throws: ImagingError.tooManyPixelsOf(.avif, count: 1 << 20, limit: 1 << 20 - 1)) {
            try few.pixels(of: four.bytes)
        }
        let short = ImagePreprocessor(size: 8, limits: ImageLimits(maxAVIFBytes: 100))
        #expect(throws: ImagingError.tooManyBytesOf(.avif, count: four.bytes.count, limit: 100)) {
            try short.pixels(of: four.bytes)
        }
        #expect("\(ImagingError.tooManyPixelsOf(.avif, count: 9, limit: 8))".contains("--max-avif-pixels"))
        #expect("\(ImagingError.tooManyBytesOf(.avif, count: 9, limit: 8))".contains("--max-avif-bytes"))
        #expect("\(ImagingError.tooManyPixelsOf(.webp, count: 9, limit: 8))".contains("--max-webp-pixels"))
    }
}
