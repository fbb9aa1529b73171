import CLIPTestSupport
import Foundation
import Testing

@Suite("Texts from the shell", .timeLimit(.minutes(5)))
struct ShellTextTests {
    private let lines = ["a cat", "두 마리의 고양이", "", "un café 🐈"]

    /// The tokens of ``lines``, each given as an argument.
    private func expected() async throws -> [String] {
        try await Command.run("tokenize", "--", lines[0], lines[1], lines[2], lines[3]).lines
    }

    private func tokens(of input: [UInt8]) async throws -> [String] {
        let outcome = try await Command.run("tokenize", "-", input: input)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.lines
    }

    /// Why input was refused.
    private func refusal(of input: [UInt8], _ arguments: String...) async throws -> String {
        let outcome = try await Command.start(
            arguments.isEmpty ? ["tokenize", "-"] : arguments,
            input: input
        ).outcome()
        #expect(outcome.status != 0)
        #expect(outcome.output.isEmpty)
        return outcome.errors
    }

    @Test("Lines end as any system writes them", arguments: ["\n", "\r\n", "\r"])
    func lineEnds(end: String) async throws {
        let expected = try await expected()
        #expect(try await tokens(of: Array(lines.joined(separator: end).utf8)) == expected)
        #expect(try await tokens(of: Array((lines.joined(separator: end) + end).utf8)) == expected)
    }

    @Test("Several kinds of ends in one text")
    func mixedLineEnds() async throws {
        let text = "\(lines[0])\r\n\(lines[1])\r\r\n\(lines[3])\n"
        #expect(try await tokens(of: Array(text.utf8)) == expected())
        #expect(try await tokens(of: []) == [])
    }

    @Test(
        "A mark at the beginning says the encoding",
        arguments: [
            ([0xEF, 0xBB, 0xBF], String.Encoding.utf8), ([0xFF, 0xFE], .utf16LittleEndian),
            ([0xFE, 0xFF], .utf16BigEndian), ([0xFF, 0xFE, 0, 0], .utf32LittleEndian),
            ([0, 0, 0xFE, 0xFF], .utf32BigEndian),
        ] as [([UInt8], String.Encoding)]
    )
    func marks(mark: [UInt8], encoding: String.Encoding) async throws {
        let text = try #require(lines.joined(separator: "\r\n").data(using: encoding))
        #expect(try await tokens(of: mark + text) == expected())
    }

    @Test(
        "A line that is not UTF-8 is named by its number, whatever ends the lines before it",
        arguments: [
            ("one\ntwo\n", [0xB0, 0xED]), ("one\r\ntwo\r\n", [0x63, 0x61, 0x66, 0xE9]),
            ("one\rtwo\r", [0xC3]),
            ("one\n\n", [0xED, 0xA0, 0x80]), ("é\n고\n", [0xC0, 0xAF]), ("\n\n", [0xF4, 0x90, 0x80, 0x80]),
        ] as [(String, [UInt8])]
    )
    func notUTF8(before: String, line: [UInt8]) async throws {
        let errors = try await refusal(of: Array(before.utf8) + line + Array("\nfour\n".utf8))
        #expect(errors.contains("Line 3 is not UTF-8"))
        #expect(errors.contains("iconv"))
    }

    @Test(
        "UTF-16 and UTF-32 that is cut, torn or without its mark is refused",
        arguments: [
            [0xFF, 0xFE, 0x61], [0xFF, 0xFE, 0x00, 0xD8, 0x61, 0x00], [0xFE, 0xFF, 0xDC, 0x00],
            [0xFF, 0xFE, 0x61, 0x00, 0x00, 0xD8], [0xFF, 0xFE, 0, 0, 0x61, 0, 0],
            [0xFF, 0xFE, 0, 0, 0, 0, 0x11, 0],
            [0x61, 0, 0x62, 0], [0, 0x61, 0, 0x62],
        ] as [[UInt8]]
    )
    func torn(bytes: [UInt8]) async throws {
        #expect(try await refusal(of: bytes).contains("UTF-"))
    }

    @Test("A line that never ends is not read to its end")
    func endlessLine() async throws {
        let outcome = try await Command.shell("head -c 400000000 /dev/zero | tr '\\0' a | \"$0\" tokenize -")
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains("a line of more than 1048576 bytes"))
    }

    @Test("Texts that are not UTF-8 are refused as arguments")
    func arguments() async throws {
        let word = "\"$(printf 'caf\\351')\""
        for command in ["tokenize \(word)", "tokenize 'a cat' \(word)", "embed --text \(word)"] {
            let outcome = try await Command.shell("\"$0\" \(command)")
            #expect(outcome.status != 0, "\(command)")
            #expect(outcome.errors.contains("'caf\\xE9' is not UTF-8"), "\(command): \(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
    }

    @Test("Scalars of private planes are text like any other")
    func privateScalars() async throws {
        let outcome = try await Command.run("tokenize", "--", "\u{E000}", "\u{10F700}")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.lines.count == 2)
    }
}
