@_spi(Benchmarks) import CLIPEngine
import CLIPTestSupport
import Testing

@Suite("Base64 reads as Python's decoder does")
struct Base64Tests {
    private struct Case: Decodable {
        let text: String
        let hex: String?
    }

    @Test("Every golden text decodes to Python's bytes, or is refused where Python refuses it")
    func goldens() throws {
        let cases = try Fixture.decode([Case].self, from: "engine/base64.json")
        #expect(cases.count > 600)
        for item in cases {
            let decoded = Base64.decode(Array(item.text.utf8))
            #expect(decoded.map(Self.hex) == item.hex, "\(item.text.debugDescription)")
        }
    }

    @Test("A data URL's prefix is passed over, whatever its media type")
    func dataPrefix() {
        for prefix in [
            "data:image/png;base64,", "data:image/svg+xml;charset=utf-8;base64,", "data:,",
            "DATA:image/png;BASE64,", "Data:,", "",
        ] {
            #expect(
                Base64.decode(Base64.payload(of: Array((prefix + "QUJD").utf8)[...])) == Array("ABC".utf8)
            )
        }
    }

    @Test("A text that only begins like a data URL is taken as it is")
    func dataWithoutComma() {
        let text = Array(("data:" + String(repeating: "A", count: 400) + ",QUJD").utf8)
        #expect(Array(Base64.payload(of: text[...])) == text)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
