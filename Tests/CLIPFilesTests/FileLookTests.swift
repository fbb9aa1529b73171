import CLIPFiles
import CLIPTestSupport
import Foundation
import Testing

@Suite("How files look from outside")
struct FileLookTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func make(folders: String...) throws {
        for name in folders {
            try #require(FileName.withPath("\(folder.path)/\(name)") { mkdir($0, 0o755) } == 0)
        }
    }

    private func isGone(_ name: String) -> Bool { FileLook.isGone("\(folder.path)/\(name)") }

    @Test("A file may be dated at any time; what nanoseconds cannot tell is the earliest or the latest time")
    func times() throws {
        let path = try folder.write("a", to: "a.jpg")
        var times = [timespec](repeating: timespec(tv_sec: 9_300_000_000, tv_nsec: 7), count: 2)
        try #require(utimensat(AT_FDCWD, path, &times, 0) == 0)
        #expect(FileLook(at: path) == FileLook(bytes: 1, modified: .max))
        #expect(FileLook.nanoseconds(seconds: 9_300_000_000, rest: 0) == .max)
        #expect(FileLook.nanoseconds(seconds: 9_223_372_036, rest: 999_999_999) == .max)
        #expect(FileLook.nanoseconds(seconds: 9_223_372_036, rest: 0) == 9_223_372_036_000_000_000)
        // The year 1600.
        #expect(FileLook.nanoseconds(seconds: -11_676_096_000, rest: 999_999_999) == .min)
        #expect(FileLook.nanoseconds(seconds: .max, rest: 0) == .max)
        #expect(FileLook.nanoseconds(seconds: .min, rest: 0) == .min)
        #expect(FileLook.nanoseconds(seconds: -1, rest: 5) == -999_999_995)
    }

    @Test("A file has gone only from a folder that is there, and not from a disk that is away")
    func gone() throws {
        try make(folders: "disk", "filled", "filled/deep", "filled/deep/empty")
        let kept = try folder.write("a", to: "filled/kept.jpg")
        #expect(isGone("filled/a.jpg"))
        #expect(!isGone("filled/kept.jpg"))
        // Where a disk was unmounted.
        #expect(!isGone("disk/a.jpg"))
        #expect(!isGone("disk/folder/a.jpg"))
        #expect(!isGone("filled/deep/empty/a.jpg"))
        // A folder that was renamed or removed is known by the one that it was in.
        #expect(isGone("filled/removed/deeper/a.jpg"))
        #expect(isGone("removed/a.jpg"))
        // What is there in its place is no picture, and has not gone.
        #expect(!isGone("filled/deep"))
        #expect(isGone("filled/kept.jpg/a.jpg"))
        let files = FileManager.default
        try files.createSymbolicLink(atPath: "\(folder.path)/link.jpg", withDestinationPath: "\(kept).away")
        try files.createSymbolicLink(
            atPath: "\(folder.path)/links",
            withDestinationPath: "\(folder.path)/disk"
        )
        try files.createSymbolicLink(atPath: "\(folder.path)/away", withDestinationPath: "/nowhere/at/all")
        #expect(!isGone("link.jpg"))
        #expect(!isGone("links/a.jpg"))
        #expect(!isGone("away/a.jpg"))
        #expect(FileLook.isGone("/nowhere at all.jpg"))
    }

    @Test("A file that the system does not let be looked at has not gone")
    func forbidden() throws {
        try make(folders: "closed")
        _ = try folder.write("a", to: "closed/a.jpg")
        #expect(isGone("closed/b.jpg"))
        #expect(chmod("\(folder.path)/closed", 0) == 0)
        defer { chmod("\(folder.path)/closed", 0o755) }
        try asNobody { #expect(!isGone("closed/b.jpg")) }
    }

    @Test("Names that break off are none, and an empty folder has none")
    func listing() throws {
        var names = [".", "..", "a"].map { Array($0.utf8) }[...]
        var found: [[UInt8]] = []
        func next(failing cause: Int32) -> [UInt8]? {
            if let name = names.popFirst() { return name }
            errno = cause
            return nil
        }
        let collect = { (name: [UInt8]) in
            found.append(name)
            return true
        }
        #expect(FileName.eachName({ next(failing: EIO) }, collect) == EIO)
        #expect(found == [Array("a".utf8)])
        names = [Array("b".utf8)]
        errno = ENOENT
        #expect(FileName.eachName({ names.popFirst() }, collect) == 0)
        #expect(found == [Array("a".utf8), Array("b".utf8)])

        try make(folders: "empty", "filled", "filled/folder")
        _ = try folder.write("a", to: "filled/a")
        #expect(FileName.names(inFolder: "\(folder.path)/empty") == [])
        #expect(FileName.names(inFolder: "\(folder.path)/filled").map(Set.init) == ["folder", "a"])
        #expect(FileName.names(inFolder: "\(folder.path)/none") == nil && errno == ENOENT)
        #expect(!FileName.isFilled(folder: "\(folder.path)/empty"))
        #expect(FileName.isFilled(folder: "\(folder.path)/filled"))
    }

    @Test("Folders whose names look alike are two")
    func likeNames() throws {
        try make(folders: "\u{AC00}", "\u{1100}\u{1161}")
        let (one, other) = (
            FileKind(at: "\(folder.path)/\u{AC00}"), FileKind(at: "\(folder.path)/\u{1100}\u{1161}")
        )
        #expect(one != other)
        var rules = FolderWalk.Rules()
        rules.followsLinks = true
        _ = try folder.write("a", to: "\u{AC00}/a.jpg")
        _ = try folder.write("a", to: "\u{1100}\u{1161}/a.jpg")
        #expect(Array(FolderWalk(folder: folder.path, rules: rules)).count == 2)
    }
}
