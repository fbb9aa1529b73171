import CLIPBulk
import Foundation
import Testing

@Suite("Patterns of names")
struct BracePatternTests {
    @Test(
        "Braces stand for what bash makes of them",
        arguments: [
            "data/{00000..00011}.tar", "{1..3}", "{3..1}", "{01..3}", "{-2..2}", "{-02..2}", "{0..10..5}",
            "{10..0..3}",
            "{1..9..-2}", "{1..3..0}", "{a..e}", "{e..a..2}", "{A..C}{1,2}", "{a,b,c}", "{a,,b}", "{,a}",
            "{a}", "{}", "{a", "a}",
            "{a,b", "{a,{b,c}", "{a,{1..3},x{y,z}}", "{{a,b},{c,d}}", "a{b,c}d{e,f}g", "{a..}", "{..}",
            "{1..a}", "{1..2..x}",
            "{a{1,2}}", "x{1..2}{", "\\{a,b\\}", "{a\\,b,c}", "{a,b}}", "{{a,b}", "plain.tar",
            "{1..2}/{1..2}", "{001..10}",
            "{9..011}", "é{ä,ö}", "{,}", "{a,b}{}{c,d}", "{+1..3}",
        ]
    )
    func bash(_ pattern: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        // In a script's text braces are expanded; a variable's are not.
        process.arguments = ["-c", "printf '%s\\0' \(pattern)"]
        process.environment = ["LC_ALL": "C.UTF-8"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let said = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let expected = said.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
        // As an empty word of the shell, an empty name is none.
        let names = try BracePattern.names(of: pattern).filter { !$0.isEmpty }
        #expect(names == expected.filter { !$0.isEmpty })
    }

    @Test("A pattern that stands for too much is refused before it takes memory")
    func tooMany() throws {
        #expect(try BracePattern.names(of: "{1..1000000}").count == BracePattern.mostNames)
        for pattern in [
            "{1..1000001}", "{0..999999999999999999}", String(repeating: "{0..9}", count: 7),
            String(repeating: "{a,b}", count: 60), "{1..1000000}" + String(repeating: "x", count: 300),
        ] {
            #expect(throws: PatternError.tooMany(pattern: pattern, limit: BracePattern.mostNames)) {
                try BracePattern.names(of: pattern)
            }
        }
        let deep = String(repeating: "{a,", count: 1000) + String(repeating: "}", count: 1000)
        #expect(throws: PatternError.tooDeep(pattern: deep, limit: 64)) { try BracePattern.names(of: deep) }
    }
}
