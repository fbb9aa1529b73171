import CLIPFiles
import Testing

@Suite("Text out of files and pipes")
struct TextFileTests {
    private func lines(_ bytes: [UInt8]) throws -> [String] {
        TextFile.lines(of: try TextFile.text(of: bytes, name: "f"))
    }

    @Test("Lines end as any system ends them, and what follows the last end is none")
    func ends() throws {
        for text in ["a\nb\n", "a\r\nb\r\n", "a\rb\r", "a\nb", "a\r\nb", "a\rb", "a\r\nb\r", "a\nb\r\n"] {
            #expect(try lines(Array(text.utf8)) == ["a", "b"])
        }
        #expect(try lines(Array("\n\na\n".utf8)) == ["", "", "a"])
        #expect(try lines([]) == [])
        #expect(try lines(Array("가\u{2028}나\u{85}다\n".utf8)) == ["가\u{2028}나\u{85}다"])
    }

    @Test("A mark says what the bytes are")
    func marks() throws {
        #expect(try lines([0xEF, 0xBB, 0xBF] + Array("가\n".utf8)) == ["가"])
        #expect(try lines([0xFF, 0xFE, 0x00, 0xAC, 0x0A, 0x00]) == ["가"])
        #expect(try lines([0xFE, 0xFF, 0xAC, 0x00]) == ["가"])
        #expect(try lines([0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0]) == ["a"])
        #expect(try lines([0, 0, 0xFE, 0xFF, 0, 0, 0, 0x61]) == ["a"])
    }

    @Test("What is neither is refused with the line, and without being guessed at")
    func refusals() {
        func refusal(_ bytes: [UInt8]) -> String? {
            #expect(throws: FileError.self) { try TextFile.text(of: bytes, name: "f") }?.description
        }
        #expect(
            refusal([0x61, 0x0D, 0x0A, 0x62, 0x0D, 0xB0, 0xED])?.hasPrefix("f: Line 3 is not UTF-8.") == true
        )
        #expect(refusal([0xC0, 0x80])?.hasPrefix("f: Line 1 is not UTF-8.") == true)
        #expect(refusal([0xED, 0xA0, 0x80])?.hasPrefix("f: Line 1 is not UTF-8.") == true)
        #expect(refusal([0x61, 0, 0x62, 0])?.contains("UTF-16 without a mark") == true)
        // Korean in UTF-16 is hardly any zeros, but for the ends of lines.
        #expect(refusal([0xE0, 0xAC, 0x91, 0xC5, 0x74, 0xC7, 0x0A, 0])?.contains("UTF-16 without") == true)
        #expect(refusal([0xFF, 0xFE, 0x61])?.contains("says UTF-16, which it is not") == true)
    }
}
