import CLIPImaging
import CLIPTestSupport
import Testing

@Suite("Odd pictures are read as the reference server's decoder reads them")
struct OpenCVTests {
    struct Cases: Decodable {
        struct Case: Decodable, Sendable, CustomTestStringConvertible {
            var name: String
            /// Nil where OpenCV refuses.
            var offset: Int?

            var testDescription: String { name }
        }

        var side: Int
        var cases: [Case]

        static func all() throws -> Cases { try Fixture.decode(Cases.self, from: "opencv/cases.json") }
    }

    @Test("Every pixel is OpenCV's, or both refuse", arguments: try Cases.all().cases)
    func pixels(golden: Cases.Case) throws {
        let side = try Cases.all().side
        let image = try Fixture.bytes("opencv/\(golden.name)")
        let found: [UInt8]?
        do throws(ImagingError) {
            found = try ImagePreprocessor(size: side).pixels(of: image).bytes
        } catch {
            found = nil
            #expect(golden.offset == nil, "refused: \(error)")
        }
        guard let found, let offset = golden.offset else {
            let isRefused = found == nil
            #expect(isRefused, "read, where OpenCV refuses")
            return
        }
        let expected = try Fixture.bytes("opencv/pixels.bin")[offset..<offset + side * side * 3]
        let largest = zip(found, expected).map { abs(Int($0) - Int($1)) }.max()
        #expect(largest == 0, "largest difference \(largest ?? -1)")
    }

    @Test("There are pictures of every kind that OpenCV reads, and some that it refuses")
    func coverage() throws {
        let cases = try Cases.all().cases
        #expect(cases.count >= 80)
        #expect(cases.contains { $0.offset == nil })
        for kind in [
            "tiff-ycbcr", "tiff-palette", "tiff-16", "png-late", "gif-screen", "avif-4", "avif-10", "webp",
        ] {
            #expect(cases.contains { $0.name.hasPrefix(kind) && $0.offset != nil }, "\(kind)")
        }
    }
}
