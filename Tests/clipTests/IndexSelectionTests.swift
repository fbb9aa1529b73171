import CLIPFiles
import CLIPTestSupport
import Foundation
import Testing

@Suite("Which files clip index takes, and what it says of others", .timeLimit(.minutes(5)))
struct IndexSelectionTests {
    private let folder: IndexFolder

    init() throws {
        folder = try IndexFolder()
        for (number, name) in [
            "a.bmp", "b.thumb.bmp", ".hidden.bmp", "cache/c.bmp", "deep/cache/d.bmp", "deep/e.bmp",
            "large.bmp",
        ].enumerated() {
            try folder.put(name, number, side: name == "large.bmp" ? 128 : 8)
        }
        try FileManager.default.copyItem(
            atPath: "\(folder.pictures)/a.bmp",
            toPath: "\(folder.pictures)/f.txt"
        )
    }

    private func outside(_ name: String, _ number: Int) throws -> String {
        let path = try folder.put(name, number)
        let target = "\(folder.folder.path)/\(name)"
        try FileManager.default.moveItem(atPath: path, toPath: target)
        return target
    }

    /// Paths that the index has, as they stand below the folder, in order.
    private func indexed(_ arguments: String..., input: [UInt8] = []) async throws -> [String] {
        let command = ["index", "--index", folder.index] + arguments
        let done = try await Command.start(command, input: input).outcome()
        #expect(done.status == 0, "\(done.errors)")
        let found = try await folder.clip("search", "x", "--top", "99", "--paths", "-0")
        #expect(found.status == 0, "\(found.errors)")
        let top = FileName.absolute(folder.pictures) + "/"
        return found.output.split(separator: "\0").map { String($0.replacing(top, with: "")) }.sorted()
    }

    @Test("A folder gives all its pictures but hidden ones")
    func plain() async throws {
        #expect(
            try await indexed(folder.pictures) == [
                "a.bmp", "b.thumb.bmp", "cache/c.bmp", "deep/cache/d.bmp", "deep/e.bmp", "large.bmp",
            ]
        )
    }

    @Test("--exclude and --exclude-from pass over what fits")
    func exclude() async throws {
        let list = try folder.folder.write("# small ones\n*.thumb.*\n\n!/deep/cache/\n", to: "patterns")
        #expect(
            try await indexed(
                folder.pictures,
                "--exclude",
                "cache/",
                "--exclude",
                "/large.bmp",
                "--exclude-from",
                list
            ) == ["a.bmp", "deep/cache/d.bmp", "deep/e.bmp"]
        )
    }

    @Test("--hidden, --all-names and --min-bytes say which files are looked at")
    func kinds() async throws {
        let names = try await indexed(folder.pictures, "--hidden", "--all-names", "--min-bytes", "1000")
        #expect(names == ["large.bmp"])
        let all = try await indexed(folder.pictures, "--hidden", "--all-names")
        #expect(all.contains(".hidden.bmp") && all.contains("large.bmp"))
        // Of files of equal bytes a search tells the first.
        #expect(try await folder.clip("duplicates", "--equal", "--paths").output.contains("f.txt"))
    }

    @Test("--follow leads through links, into each folder once")
    func follow() async throws {
        let target = try outside("elsewhere.bmp", 50)
        let files = FileManager.default
        try files.createDirectory(
            atPath: "\(folder.folder.path)/far",
            withIntermediateDirectories: true
        )
        try files.moveItem(atPath: target, toPath: "\(folder.folder.path)/far/elsewhere.bmp")
        for (name, target) in [("far", "\(folder.folder.path)/far"), ("up", folder.pictures)] {
            try files.createSymbolicLink(atPath: "\(folder.pictures)/\(name)", withDestinationPath: target)
        }
        let plain = try await indexed(folder.pictures)
        #expect(plain.count == 6)
        #expect(try await indexed(folder.pictures, "--follow") == (plain + ["far/elsewhere.bmp"]).sorted())
    }

    @Test("--files-from gives names a line, and with -0 names of any bytes")
    func list() async throws {
        let lines = "\(folder.pictures)/a.bmp\n\(folder.pictures)/deep/e.bmp\n"
        #expect(try await indexed("--files-from", "-", input: Array(lines.utf8)) == ["a.bmp", "deep/e.bmp"])
        let odd = Array("\(folder.pictures)/".utf8) + [0xFF, 0x0A] + Array(" \u{AC00}.bmp".utf8)
        let plain = try folder.put("odd.bmp", 77)
        let path = FileName.text(of: odd)
        let isThere = FileName.withPath(plain) { plain in FileName.withPath(path) { rename(plain, $0) } }
        #expect(isThere == 0)
        let list = try folder.folder.write(odd + [0], to: "list")
        let done = try await folder.clip("index", "--files-from", list, "-0")
        #expect(done.status == 0, "\(done.errors)")
        #expect(done.lines.last?.hasPrefix("1 new") == true)
        let all = try await folder.clip("search", "x", "--top", "9", "--json")
        #expect(all.output.contains("\\udcff\\n "))
    }

    @Test("Pictures that a limit leaves out are counted, with the limit")
    func skipped() async throws {
        let done = try await folder.clip(
            "index",
            folder.pictures,
            "--max-image-bytes",
            "20000",
            "--min-bytes",
            "300"
        )
        #expect(done.status == 0, "\(done.errors)")
        #expect(
            done.lines.last?.hasSuffix(
                "0 failed, 6 skipped: 1 too large (--max-image-bytes), 5 too small (--min-bytes)"
            ) == true,
            "\(done.output)"
        )
        let all = try await folder.clip("index", folder.pictures)
        #expect(all.lines.last?.hasSuffix("0 failed") == true, "\(all.output)")
    }

    @Test("What cannot be read is told in the status: nothing of it, a part, or a file that was named")
    func status() async throws {
        let none = "\(folder.folder.path)/none"
        let wrong = try await folder.clip("index", none)
        #expect(wrong.status == 66)
        #expect(wrong.errors.contains("\(none): It cannot be read: No such file or directory."))
        #expect(!FileManager.default.fileExists(atPath: folder.index))
        let part = try await folder.clip("index", none, folder.pictures)
        #expect(part.status == 1)
        #expect(part.lines.last?.hasPrefix("6 new") == true)
        let bad = try folder.folder.write("no picture", to: "bad.jpg")
        for _ in 0..<2 {
            let named = try await folder.clip("index", bad, "\(folder.pictures)/a.bmp")
            #expect(named.status == 1, "\(named.errors)")
        }
        let list = try folder.folder.write("\(none)/1.jpg\n\(none)/2.jpg\n", to: "list")
        let missing = try await folder.clip("index", "--files-from", list)
        #expect(missing.status == 66)
        #expect(missing.errors.contains("\(none)/2.jpg: It is not there"))
        try folder.folder.write("\(none)/1.jpg\n\(folder.pictures)/a.bmp\n", to: "list")
        #expect(try await folder.clip("index", "--files-from", list).status == 1)
        // A picture that is none, below a folder, is as usual.
        _ = try folder.folder.write("no picture", to: "pictures/bad.jpg")
        #expect(try await folder.clip("index", folder.pictures).status == 0)
    }

    @Test(
        "--failures lists what the index keeps of files that were no pictures, until --prune forgets those that are gone"
    )
    func failures() async throws {
        let pictures = FileName.absolute(folder.pictures)
        for name in ["bad.jpg", "deep/bad.jpg"] {
            try folder.folder.write("no picture", to: "pictures/\(name)")
        }
        #expect(try await folder.clip("index", "--failures").status == 66)
        #expect(try await folder.clip("index", folder.pictures).output.contains("2 failed"))
        let plain = try await folder.clip("index", "--failures")
        #expect(plain.status == 0, "\(plain.errors)")
        #expect(plain.lines.count == 2 && plain.lines[0].hasPrefix("\(pictures)/bad.jpg: "))
        let below = try await folder.clip("index", "--failures", "\(folder.pictures)/deep", "--json")
        struct Line: Decodable { let path, reason: String }
        let told = try below.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        #expect(told.map(\.path) == ["\(pictures)/deep/bad.jpg"])
        #expect(plain.lines[1] == "\(pictures)/deep/bad.jpg: \(told[0].reason)")
        try FileManager.default.removeItem(atPath: "\(folder.pictures)/bad.jpg")
        let pruned = try await folder.clip("index", "--prune")
        #expect(pruned.lines.contains("1 files that are gone, and were no pictures, were forgotten."))
        #expect(try await folder.clip("index", "--failures").lines.count == 1)
        for arguments in [["--failures", "--prune"], ["--json", folder.pictures]] {
            let command = ["index", "--index", folder.index] + arguments
            #expect(try await Command.start(command).outcome().status == 64)
        }
    }
}
