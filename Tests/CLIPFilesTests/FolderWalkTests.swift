import CLIPFiles
import CLIPTestSupport
import Foundation
import Testing

@Suite("Walking through folders")
struct FolderWalkTests {
    private let folder: TemporaryDirectory
    private let files = FileManager.default
    private var top: String { "\(folder.path)/top" }

    init() throws {
        folder = try TemporaryDirectory()
        try files.createDirectory(atPath: "\(folder.path)/top", withIntermediateDirectories: true)
    }

    private func put(_ names: String...) throws {
        for name in names {
            let url = URL(fileURLWithPath: "\(top)/\(name)")
            try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("\(name)".utf8).write(to: url)
        }
    }

    private func link(_ name: String, to target: String) throws {
        try files.createSymbolicLink(atPath: "\(top)/\(name)", withDestinationPath: target)
    }

    /// What a walk tells, with paths as they stand below the top.
    private func walked(
        _ rules: FolderWalk.Rules = .init(),
        entering: FolderWalk.Entering? = nil
    ) -> [String] {
        FolderWalk(folder: top, rules: rules, entering: entering).map { entry in
            switch entry {
            case .file(let path, _): path.replacing("\(top)/", with: "")
            case .unreadable(let path, let cause): "\(path.replacing(top, with: "top")): \(cause)"
            case .deadLink(let path): "dead \(path.replacing("\(top)/", with: ""))"
            case .passedOver(let reason): "\(reason)"
            }
        }
    }

    @Test(
        "What is passed over is told with the reason, and of what is no picture's name the bytes do not count"
    )
    func reasons() throws {
        try put("a.jpg", "b.txt", ".c.jpg", "d/large and long.jpg", "large and long.txt")
        try Data().write(to: URL(fileURLWithPath: "\(top)/e.jpg"))
        try link("f.jpg", to: "a.jpg")
        var rules = FolderWalk.Rules()
        rules.bytes = 1...10
        #expect(walked(rules).sorted() == ["a.jpg", "name", "name", "rule", "rule", "tooLarge", "tooSmall"])
        rules.followsLinks = true
        #expect(walked(rules).contains("f.jpg"))
    }

    @Test("What went away since its folder was read is not there, and no failure")
    func vanished() throws {
        try put("a/1.jpg", "b.jpg", "c/2.jpg", "d.jpg")
        let told = walked { folder, _ in
            guard folder.hasSuffix("/a") else { return }
            for name in ["b.jpg", "c"] { try? files.removeItem(atPath: "\(top)/\(name)") }
        }
        #expect(told == ["a/1.jpg", "d.jpg"])
        // A folder that goes away before its own names are read.
        let again = walked { folder, _ in
            if folder.hasSuffix("/a") { try? files.removeItem(atPath: folder) }
        }
        #expect(again == ["d.jpg"])
    }

    @Test("If a folder is another one than when it was entered, what is missing in it was not taken away")
    func replaced() throws {
        try put("a/1.jpg", "b.jpg", "c/2.jpg", "d.jpg")
        let told = walked { folder, _ in
            guard folder.hasSuffix("/a") else { return }
            try? files.moveItem(atPath: top, toPath: "\(self.folder.path)/away")
            try? files.createDirectory(atPath: top, withIntermediateDirectories: true)
        }
        #expect(told == ["top: Went away meanwhile"])
        try files.removeItem(atPath: top)
        #expect(walked() == ["top: No such file or directory"])
    }

    @Test("Links that lead nowhere are told if they have a picture's name, unless they are excluded")
    func links() throws {
        try put("a.jpg")
        try link("b", to: "/nowhere/b")
        try link("c.jpg", to: "/nowhere/c")
        try link("d.jpg", to: "d.jpg")
        try link("e.jpg", to: "/nowhere/e")
        #expect(walked() == ["a.jpg", "rule", "rule", "rule", "rule"])
        var rules = FolderWalk.Rules()
        rules.followsLinks = true
        rules.patterns = [IgnorePattern("e.jpg/".utf8)].compactMap(\.self)
        #expect(
            walked(rules) == [
                "a.jpg", "dead b", "top/c.jpg: Leads nowhere",
                "top/d.jpg: Too many levels of symbolic links", "rule",
            ]
        )
    }

    @Test("A folder that links lead into twice is entered once, however its name is written")
    func loops() throws {
        let (composed, decomposed) = ("\u{AC00}", "\u{1100}\u{1161}")
        try put("\(composed)/1.jpg", "\(decomposed)/2.jpg")
        try link("up", to: ".")
        var rules = FolderWalk.Rules()
        rules.followsLinks = true
        #expect(walked(rules).filter { $0.hasSuffix(".jpg") }.count == 2)
        #expect(walked(rules).count == 3)
    }

    @Test("As many files are counted by their names as a walk comes to")
    func count() throws {
        try put("a.jpg", "b.txt", ".c.jpg", "d/1.jpg", "d/cache/2.jpg", "e/3.PNG", ".f/4.jpg", "g.thumb.jpg")
        try put("d/keep.thumb.jpg")
        try link("h.jpg", to: "a.jpg")
        try link("up", to: ".")
        try link("nowhere.jpg", to: "/nowhere")
        #expect(mkfifo("\(top)/pipe.jpg", 0o600) == 0)
        for number in 0..<16 {
            var rules = FolderWalk.Rules()
            rules.takesHidden = number & 1 != 0
            rules.followsLinks = number & 2 != 0
            rules.takesAllNames = number & 4 != 0
            if number & 8 != 0 {
                let lines = ["cache/", "*.thumb.jpg", "!/d/keep.thumb.jpg"]
                rules.patterns = lines.compactMap { IgnorePattern($0.utf8) }
            }
            var files = 0
            for case .file in FolderWalk(folder: top, rules: rules) { files += 1 }
            #expect(files > 2)
            #expect(FileCount.count(below: top, rules: rules) { _ in false } == files, "\(number)")
        }
        #expect(FileCount.count(below: top, rules: .init()) { $0 > 0 } == nil)
        #expect(FileCount.count(below: "\(top)/none", rules: .init()) { _ in false } == 0)
    }
}
