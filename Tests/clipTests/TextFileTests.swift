import Testing
import clip

@Suite("Text, names and variables from outside")
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
            #expect(throws: CommandFailure.self) { try TextFile.text(of: bytes, name: "f") }?.description
        }
        #expect(
            refusal([0x61, 0x0D, 0x0A, 0x62, 0x0D, 0xB0, 0xED])?.hasPrefix("f: Line 3 is not UTF-8.") == true
        )
        #expect(refusal([0xC0, 0x80])?.hasPrefix("f: Line 1 is not UTF-8.") == true)
        #expect(refusal([0xED, 0xA0, 0x80])?.hasPrefix("f: Line 1 is not UTF-8.") == true)
        #expect(refusal([0x61, 0, 0x62, 0])?.contains("UTF-16 without a mark") == true)
        #expect(refusal([0xFF, 0xFE, 0x61])?.contains("says UTF-16, which it is not") == true)
    }

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
        #expect(JSONText.string(name) == "\"c\\udce9.\"")
    }

    @Test("Variables of service links, and unusable ones under generic names, are passed over")
    func environment() {
        var environment = Environment([
            "CLIP_PORT": "tcp://10.96.12.34:9001", "PORT": "x", "HOST": "x86_64-conda-linux-gnu",
            "LOG_LEVEL": "loud",
        ])
        #expect(environment.port("CLIP_PORT", "PORT") == nil)
        #expect(environment.host("CLIP_HOST", "HOST", isUsable: { _ in false }) == nil)
        #expect(
            environment.logLevel(of: Level.self, "CLIP_LOG_LEVEL", "LOG_LEVEL", given: ("--log-level", nil))
                == nil
        )
        #expect(environment.problems.isEmpty)
        #expect(environment.notices.count == 4)
        var own = Environment(["CLIP_PORT": "x", "CLIP_LOG_LEVEL": "loud", "CLIP_MEMORY_BUDGET": "lots"])
        #expect(own.port("CLIP_PORT", "PORT") == nil)
        #expect(
            own.logLevel(of: Level.self, "CLIP_LOG_LEVEL", "LOG_LEVEL", given: ("--log-level", nil)) == nil
        )
        #expect(own.bytes("CLIP_MEMORY_BUDGET", given: ("--memory-budget", nil)) == nil)
        #expect(own.problems.count == 3)
    }

    private enum Level: String, CaseIterable { case debug, info, warning, critical }

    @Test("Levels of the log may have others' names", arguments: ["WARN", "warning", "Warning", "30"])
    func levels(_ name: String) {
        var environment = Environment(["LOG_LEVEL": name])
        #expect(environment.logLevel(of: Level.self, "LOG_LEVEL", given: ("--log-level", nil)) == .warning)
    }

    @Test("Bytes may have units, of thousands or of 1024")
    func bytes() {
        let values = [
            "512000000": 512_000_000, "512MB": 512_000_000, "1GiB": 1 << 30, "2g": 2_000_000_000,
            "64 MB": nil,
            "-1": nil, "MB": nil,
        ]
        for (text, bytes) in values {
            var environment = Environment(["B": text])
            #expect(environment.bytes("B", given: ("--b", nil)) == bytes)
            #expect(environment.problems.isEmpty == (bytes != nil))
        }
    }
}
