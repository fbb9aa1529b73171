import CLIPFiles
import Testing

@Suite("Names of files")
struct FileNameTests {
    @Test("Names of any bytes survive being text, those that look like the text of others too")
    func names() {
        var generator = SystemRandomNumberGenerator()
        let privatePlane: [UInt8] = [0xF4, 0x8F, 0x9E, 0x9F, 0xBF, 0x80]
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...12, using: &generator)).map { _ -> UInt8 in
                Bool.random(using: &generator)
                    ? privatePlane[Int.random(in: 0..<6, using: &generator)]
                    : .random(in: 1...255, using: &generator)
            }
            #expect(FileName.bytes(of: FileName.text(of: bytes)) == bytes)
        }
        let name = FileName.text(of: [0x63, 0xE9, 0x2E])
        #expect(!FileName.isText(name) && FileName.isText("cé.가"))
        #expect(name.printable == "c\\xE9.")
    }
}
