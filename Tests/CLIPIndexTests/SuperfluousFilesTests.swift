import CLIPFiles
import CLIPIndex
import CLIPTestSupport
import Foundation
import Testing

@Suite("Duplicates that can be removed")
struct SuperfluousFilesTests {
    private static let width = 64

    private let folder: TemporaryDirectory
    private let file: IndexFile

    init() throws {
        folder = try TemporaryDirectory()
        let model = IndexedModel(name: "m", precision: "f32", sample: Self.vector(0))
        file = try IndexFile.open("\(folder.path)/index", for: model)
    }

    private static func vector(_ number: Int) -> [Float] {
        var samples = VectorSamples(seed: UInt64(number) + 7)
        return samples.vector(width: width)
    }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    /// Writes a file, and has the index know it as it is.
    @discardableResult
    private func put(_ name: String, _ text: String) throws -> String {
        if let slash = name.lastIndex(of: "/") {
            try FileManager.default.createDirectory(
                atPath: path(String(name[..<slash])),
                withIntermediateDirectories: true
            )
        }
        try folder.write(text, to: name)
        return try index(name)
    }

    /// Has the index know a path.
    @discardableResult
    private func index(_ name: String) throws -> String {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
        // One vector for all, so that what differs is alike.
        let result = IndexFile.Finding.Result.embedded(
            hash: file.hashKey.hash(of: bytes),
            Self.vector(1)
        )
        let look = try #require(IndexFile.Look(at: path(name)))
        try file.commit([.init(path: path(name), look: look, result: result)])
        return path(name)
    }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path(name), withDestinationPath: path(target))
    }

    private func told(
        equal: Bool = true,
        _ change: (Int) throws -> Void = { _ in }
    ) throws -> (paths: [String], changed: Int, aliases: Int) {
        var files = SuperfluousFiles(file, in: .init())
        var groups: [DuplicateSearch.Group] = []
        try DuplicateSearch(file, threads: 1).run(in: .init(), minScore: equal ? nil : 0.9) {
            groups.append($0)
            return true
        }
        var paths: [String] = []
        for (number, group) in groups.enumerated() {
            paths += try files.paths(of: group, minScore: 0.9)
            try change(number)
        }
        return (paths, files.changed, files.aliases)
    }

    @Test("Of files of equal bytes all but the first are told")
    func equal() throws {
        try put("a", "one")
        let others = [try put("b", "one"), try put("c", "one")]
        try put("d", "two")
        let told = try told()
        #expect(told.paths == others && told.changed == 0 && told.aliases == 0)
    }

    @Test("A link and what it leads to are one file, and what a link leads to stays")
    func links() throws {
        try put("z/1", "one")
        try link("a", to: "z/1")
        try index("a")
        #expect(try told().paths == [])
        let copy = try put("b", "one")
        let told = try told()
        #expect(told.paths == [copy])
        #expect(told.aliases == 1)
        // Of two that links lead to both stay.
        try link("c", to: "b")
        try index("c")
        #expect(try self.told().paths == [])
    }

    @Test("Hard links are one file, and what a linked folder has is there once")
    func names() throws {
        let first = try put("a/1", "one")
        try FileManager.default.linkItem(atPath: first, toPath: path("a/2"))
        try index("a/2")
        try link("folder", to: "a")
        try index("folder/1")
        #expect(try told().paths == [])
        let copy = try put("b/1", "one")
        try FileManager.default.linkItem(atPath: copy, toPath: path("b/2"))
        try index("b/2")
        let told = try told()
        #expect(told.paths == [copy])
        #expect(told.aliases == 3)
    }

    /// Looks whether nothing is told, and that many files are said to be other than they were.
    private func expectNone(changed: Int, _ location: SourceLocation = #_sourceLocation) throws {
        let told = try told()
        #expect(told.paths == [] && told.changed == changed, sourceLocation: location)
    }

    @Test("A copy of what went, was edited, or is something else by now is the last one")
    func changed() throws {
        try put("a", "one")
        try put("b", "one")
        try FileManager.default.removeItem(atPath: path("a"))
        try expectNone(changed: 1)
        try folder.write("three", to: "a")
        try expectNone(changed: 1)
        try FileManager.default.removeItem(atPath: path("a"))
        try FileManager.default.createDirectory(atPath: path("a"), withIntermediateDirectories: false)
        try expectNone(changed: 1)
    }

    @Test("Other bytes of the same size and time are no copy")
    func rewritten() throws {
        try put("a", "one")
        try put("b", "one")
        let look = try #require(IndexFile.Look(at: path("a")))
        try folder.write("two", to: "a")
        let time = timespec(tv_sec: look.modified / 1_000_000_000, tv_nsec: look.modified % 1_000_000_000)
        #expect(utimensat(AT_FDCWD, path("a"), [time, time], 0) == 0)
        #expect(IndexFile.Look(at: path("a")) == look)
        try expectNone(changed: 1)
        let third = try put("c", "one")
        #expect(try told().paths == [third])
    }

    @Test("Where none of the files is, as on another machine, none is told")
    func elsewhere() throws {
        for name in ["a", "b", "c"] {
            try put(name, "one")
            try FileManager.default.removeItem(atPath: path(name))
        }
        try expectNone(changed: 3)
    }

    @Test("What is alike is told where the picture is there that it is like, and once")
    func alike() throws {
        try put("large", "the largest")
        let copies = [try put("small 1", "small"), try put("small 2", "small")]
        let told = try told(equal: false)
        #expect(told.paths == [copies[1], copies[0]])
        try FileManager.default.removeItem(atPath: path("large"))
        let others = try self.told(equal: false)
        #expect(others.paths == [copies[1]] && others.changed == 1)
    }

    @Test("What was told is nothing that another stays for")
    func toldBefore() throws {
        let copies = [try put("large 1", "the largest"), try put("large 2", "the largest")]
        try put("small", "small")
        let told = try told(equal: false) { number in
            // The one that was to stay goes, and the other has been told.
            if number == 0 { try FileManager.default.removeItem(atPath: copies[0]) }
        }
        #expect(told.paths == [copies[1]])
    }
}
