import CLIPFiles
import Testing
import clip

@Suite("Names and variables from outside")
struct OutsideTextTests {
    @Test("A byte of a file's name that is no UTF-8 stands in JSON as Python writes it")
    func names() {
        #expect(JSONText.string(FileName.text(of: [0x63, 0xE9, 0x2E])) == "\"c\\udce9.\"")
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
