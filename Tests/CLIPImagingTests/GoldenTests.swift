import CLIPImaging
import CLIPTestSupport
import Testing

@Suite("Pixels equal Pillow's and torchvision's")
struct GoldenTests {
    @Test("A picture of every format and mode has the reference's pixels", arguments: try GoldenCases.all())
    func pixels(golden: GoldenCases.Case) throws {
        let found = try ImagePreprocessor(size: golden.size).pixels(of: golden.image())
        let count = golden.size * golden.size * 3
        let expected = try Fixture.bytes("imaging/pixels.bin")[golden.offset..<golden.offset + count]

        #expect(found.width == golden.size && found.height == golden.size)
        let differences = zip(found.bytes, expected).map { abs(Int($0) - Int($1)) }
        let largest = differences.max() ?? 0
        let mean = Double(differences.reduce(0, +)) / Double(count)
        #expect(
            found.bytes.count == count && largest <= golden.largest && mean <= golden.mean,
            "largest difference \(largest), mean \(mean)"
        )
    }

    @Test("There are goldens for at least sixty pictures, and all formats")
    func coverage() throws {
        let cases = try GoldenCases.all()
        #expect(cases.count >= 60)
        #expect(Set(cases.map(\.format)) == Set(ImageFormat.allCases.map(\.rawValue)))
    }

    @Test("Sniffing tells the format of every picture", arguments: try GoldenCases.all())
    func sniffing(golden: GoldenCases.Case) throws {
        #expect(try ImageFormat(sniffing: golden.image())?.rawValue == golden.format)
    }

    @Test("Normalised values equal torchvision's to the last bit")
    func values() throws {
        let cases = try GoldenCases.all().filter { $0.valuesOffset != nil }
        #expect(!cases.isEmpty)
        for golden in cases {
            let found = try ImagePreprocessor(size: golden.size).pixelValues(of: golden.image())
            let start = golden.valuesOffset ?? 0
            let bytes = try Fixture.bytes("imaging/values.bin")[start..<start + found.count * 4]
            let expected = stride(from: start, to: bytes.endIndex, by: 4).map { offset in
                (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[offset + $1]) << (8 * $1) }
            }
            #expect(found.map(\.bitPattern) == expected, "\(golden.name)")
        }
    }
}
