import CLIPFiles
import CLIPTestSupport
import Foundation
import Testing

@Suite("clip search", .timeLimit(.minutes(5)))
struct SearchCommandTests {
    private struct Line: Decodable {
        let query: String?
        let path: String
        let score: Double
    }

    private let folder: IndexFolder

    init() throws { folder = try IndexFolder() }

    /// Pictures that are indexed, and their paths.
    private func indexed(_ count: Int) async throws -> [String] {
        let paths = try (0..<count).map { try folder.put("\($0).bmp", $0, side: 4 + 4 * ($0 % 5)) }
        let outcome = try await folder.clip("index", folder.pictures)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return paths
    }

    private func found(_ arguments: String..., input: String = "") async throws -> [Line] {
        let outcome = try await Command.start(
            ["search", "--index", folder.index, "--json"] + arguments,
            input: Array(input.utf8)
        ).outcome()
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
        return try outcome.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    private func scores(_ lines: [Line]) -> [String: Double] {
        Dictionary(lines.map { ($0.path, $0.score) }) { first, _ in first }
    }

    @Test("What is added and taken away is weighed as vectors are")
    func sums() async throws {
        let paths = try await indexed(9)
        let one = scores(try await found("--plus", paths[0], "--top", "99"))
        let other = scores(try await found("--like", paths[1], "--top", "99"))
        let both = scores(
            try await found("--plus", "2:\(paths[0])", "--minus", "0.5:\(paths[1])", "--top", "99")
        )
        #expect(one.count == 8 && other.count == 8 && both.count == 9)
        let between = try #require(one[paths[1]])
        let length = (4 + 0.25 - 2 * between).squareRoot()
        for path in paths[2...] {
            let expected = try (2 * #require(one[path]) - 0.5 * #require(other[path])) / length
            #expect(abs(try #require(both[path]) - expected) < 2e-4)
        }
        // A text and a file that is not the index's are weighed in the same way.
        let outside = try folder.put("../outside.bmp", 200)
        let text = scores(try await found("a cat", "--plus", outside, "--minus", "0.25:a dog", "--top", "9"))
        #expect(text.count == 9)
    }

    @Test("What cancels out, weights out of range and scores that are none are refused")
    func refused() async throws {
        let paths = try await indexed(2)
        for arguments in [["a cat", "--minus", "a cat"], ["--like", paths[0], "--minus", paths[0]]] {
            let outcome = try await Command.start(["search", "--index", folder.index] + arguments).outcome()
            #expect(outcome.status == 65 && outcome.output.isEmpty, "\(arguments) \(outcome.output)")
            #expect(outcome.errors.contains("leave nothing to look for"))
        }
        for arguments in [
            ["a cat", "--plus", "1e38:a dog"], ["a cat", "--minus", "1001:a dog"],
            ["a cat", "--min-score", "nan"], ["a cat", "--min-score", "1.5"], ["a cat", "--top", "0"],
        ] {
            let outcome = try await Command.start(["search", "--index", folder.index] + arguments).outcome()
            #expect(outcome.status == 64, "\(arguments) \(outcome.errors)")
        }
    }

    @Test("Twenty are told, or as many as are asked for, or all that reach --min-score")
    func top() async throws {
        let paths = try await indexed(30)
        #expect(try await found("a cat").count == 20)
        #expect(try await found("a cat", "--top", "7").count == 7)
        let all = try await found("a cat", "--min-score=-1")
        #expect(Set(all.map(\.path)) == Set(paths))
        #expect(all.map(\.score) == all.map(\.score).sorted(by: >))
        #expect(
            try await found("a cat", "--min-score=-1", "--top", "3").map(\.path) == all.prefix(3).map(\.path)
        )
        let reached = try await found("a cat", "--min-score=\(all[24].score)")
        #expect((25...26).contains(reached.count))
        #expect(reached.allSatisfy { $0.score >= all[24].score })
    }

    @Test("Paths end with a zero byte where that is wanted, the best first")
    func paths() async throws {
        _ = try await indexed(5)
        let expected = try await found("a cat").map(\.path)
        let zeros = try await folder.clip("search", "a cat", "--paths", "-0")
        #expect(zeros.output == expected.map { "\($0)\0" }.joined())
        let lines = try await folder.clip("search", "a cat", "--paths")
        #expect(lines.lines == expected)
    }

    @Test("Only files that were written since then are found")
    func since() async throws {
        let old = try folder.put("old.bmp", 100)
        let time = try #require(ISO8601DateFormatter().date(from: "2020-06-01T12:00:00Z"))
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: old)
        let paths = try await indexed(3)
        for (since, isThere) in [
            ("2020-05-31", true), ("2020-06-03", false), ("2020-06-01T12:00:00Z", true),
            ("2020-06-01T12:00:01Z", false), ("30d", false), ("12h", false),
        ] {
            let found = try await found("a cat", "--since", since).map(\.path)
            #expect(Set(found) == Set(isThere ? paths + [old] : paths), "\(since)")
        }
    }

    #if os(Linux)
    @Test("A path that is not UTF-8 comes out of a search as it is, and is searched for as it is")
    func oddPath() async throws {
        let source = try folder.put("source.bmp", 7)
        _ = try await indexed(3)
        let outcome = try await Command.shell(
            #"""
            mv "$2" "$(printf '%s/\377 \303\251.bmp' "$3")" && CLIP_PRECISION=f32 "$0" index --index "$1" "$3" >&2 &&
            "$0" search --index "$1" "a cat" --paths -0 | xargs -0 ls -d --
            """#,
            folder.index,
            source,
            folder.pictures
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let bytes = try await Command.shell(
            #""$0" search --index "$1" "a cat" --paths -0 | od -An -v -tx1 | tr -d ' \n'"#,
            folder.index
        )
        #expect(bytes.output.contains("2fff20c3a92e626d7000"))
        let json = try await folder.clip("search", "a cat", "--json")
        #expect(json.output.contains(#"/\udcff é.bmp""#))
        let back = try await Command.shell(
            #""$0" search --index "$1" --json --like "$(printf '%s/\377 \303\251.bmp' "$2")""#,
            folder.index,
            folder.pictures
        )
        // It is the index's, so that it is not told.
        #expect(back.status == 0 && back.lines.count == 3, "\(back.errors)")
        #expect(!back.output.contains("udcff"))
    }
    #endif

    @Test("Many texts of standard input are searched a few at a time, and what is found is told meanwhile")
    func many() async throws {
        _ = try await indexed(3)
        let texts = (0..<300).map { "a picture of \($0)" }
        let lines = try await found("-", "--top", "2", input: texts.joined(separator: "\n\n"))
        #expect(lines.compactMap(\.query) == texts.flatMap { [$0, $0] })
        let single = try await found(texts[299], "--top", "2")
        #expect(lines.suffix(2).map(\.path) == single.map(\.path))
        // One that is refused ends the command, and those before it have been told.
        let long = texts + [String(repeating: "word ", count: 5000)]
        let broken = try await Command.start(
            ["search", "--index", folder.index, "-", "--top", "1", "--json"],
            input: Array(long.joined(separator: "\n").utf8)
        ).outcome()
        #expect(broken.status == 65 && broken.lines.count >= 128, "\(broken.errors)")
        let none = try await Command.start(["search", "--index", folder.index, "-"], input: [0x0A]).outcome()
        #expect(none.status == 65 && none.errors.contains("Standard input has no line of text."))
    }
}
