import Foundation
import Testing

@Suite("clip duplicates", .timeLimit(.minutes(5)))
struct DuplicatesTests {
    private struct Line: Decodable {
        struct Picture: Decodable {
            let path: String
            let score: Double
            let bytes: Int
            let copies: [String]?
        }

        let kind: String
        let bytes: Int?
        let paths: [String]?
        let pictures: [Picture]?
    }

    @Test(
        "Files of equal bytes and pictures that are alike are told, as lines, as JSON and as paths to remove"
    )
    func forms() async throws {
        let folder = try IndexFolder()
        let first = try folder.put("a/1.bmp", 1)
        let copy = try folder.put("b/1 copy.bmp", 1)
        let large = try folder.put("b/large.bmp", 1, side: 32)
        for number in [50, 90, 130] { try folder.put("c/\(number).bmp", number) }
        #expect(try await folder.clip("index", folder.pictures).status == 0)
        let lines = try await folder.clip("duplicates", "--json", "--min-score", "0.99")
        #expect(lines.status == 0, "\(lines.errors)")
        let found = try lines.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        let equal = try #require(found.first)
        #expect(equal.kind == "equal" && equal.paths == [first, copy])
        let alike = try #require(found.first { $0.pictures?.contains { $0.path == large } == true }?.pictures)
        #expect(alike.first?.path == large && alike.first?.score == 1)
        #expect(alike.contains { $0.path == first && $0.copies == [copy] })
        let plain = try await folder.clip("duplicates", "--equal")
        #expect(plain.output.hasPrefix("2 files of equal bytes"))
        #expect(plain.lines.last == "groups of files of equal bytes: 1")
        let paths = try await folder.clip("duplicates", "--equal", "--paths", "-0")
        #expect(paths.output == "\(copy)\0")
        let all = try await folder.clip("duplicates", "--paths", "--min-score", "0.99")
        #expect(all.lines.first == copy && all.lines.contains(first) && !all.lines.contains(large))
        #expect(Set(all.lines).count == all.lines.count)
        let under = try await folder.clip("duplicates", "--under", "\(folder.pictures)/a", "--json")
        #expect(under.status == 0 && under.output.isEmpty)
    }

    @Test("Wrong values are wrong usage, and an index that is not there is told")
    func wrong() async throws {
        let folder = try IndexFolder()
        for arguments in [
            ["--min-score", "2"], ["--min-score", "nan"], ["--threads", "0"], ["-0"], ["--json", "--paths"],
        ] {
            let outcome = try await Command.start(["duplicates", "--index", folder.index] + arguments)
                .outcome()
            #expect(outcome.status == 64, "\(arguments) \(outcome.errors)")
        }
        let outcome = try await folder.clip("duplicates")
        #expect(outcome.status == 66 && outcome.errors.contains("clip index FOLDER"))
    }
}
