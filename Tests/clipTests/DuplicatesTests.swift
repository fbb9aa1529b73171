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

    @Test("What --paths prints can be removed: one file of each picture is left, whatever links lead to it")
    func removal() async throws {
        let folder = try IndexFolder()
        let (originals, album) = ("\(folder.pictures)/originals", "\(folder.pictures)/album")
        for number in 1...4 { try folder.put("originals/\(number).bmp", number) }
        try FileManager.default.createDirectory(atPath: album, withIntermediateDirectories: true)
        // The link sorts before the only file, and a file has two names.
        try FileManager.default.createSymbolicLink(
            atPath: "\(album)/1.bmp",
            withDestinationPath: "\(originals)/1.bmp"
        )
        try FileManager.default.linkItem(atPath: "\(originals)/2.bmp", toPath: "\(album)/2.bmp")
        try folder.put("copies/3.bmp", 3)
        try folder.put("copies/z\n\(originals)/4.bmp", 3)
        try folder.put("copies/4.bmp", 4)
        #expect(try await folder.clip("index", folder.pictures, "--follow").status == 0)
        // The copy is the last one of what was edited since.
        try folder.put("originals/4.bmp", 9)
        let lines = try await folder.clip("duplicates", "--equal", "--paths")
        #expect(lines.status == 0 && lines.lines == ["\(originals)/3.bmp"], "\(lines.output)")
        #expect(lines.errors.contains("1 paths with the end of a line in them. Give -0."))
        #expect(lines.errors.contains("are not as they were indexed. Use `clip index`"))
        let removed = try await Command.shell(
            #""$0" duplicates --index "$1" --equal --paths -0 | xargs -0 rm --"#,
            folder.index
        )
        #expect(removed.status == 0, "\(removed.errors)")
        for file in [
            "\(originals)/1.bmp", "\(originals)/2.bmp", "\(originals)/4.bmp",
            "\(folder.pictures)/copies/3.bmp", "\(folder.pictures)/copies/4.bmp",
        ] {
            #expect(FileManager.default.fileExists(atPath: file), "\(file)")
        }
        #expect(!FileManager.default.fileExists(atPath: "\(originals)/3.bmp"))
        try FileManager.default.moveItem(atPath: folder.pictures, toPath: "\(folder.pictures) elsewhere")
        let none = try await folder.clip("duplicates", "--paths", "-0", "--min-score", "0.99")
        #expect(
            none.status == 0 && none.output.isEmpty && none.errors.contains("on the machine that has them")
        )
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
