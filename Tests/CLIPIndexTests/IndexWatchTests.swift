#if os(Linux)
import CLIPEngine
import CLIPFiles
import CLIPIndex
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

@Suite("Keeping an index up to date", .timeLimit(.minutes(3)))
struct IndexWatchTests {
    private let folder: TemporaryDirectory
    private let engine: EmbeddingEngine

    init() throws {
        folder = try TemporaryDirectory()
        let model = ModelSource(name: "tiny", directory: "\(folder.path)/model")
        try TinyModel.quick.write(to: model.directory, .openCLIP)
        engine = try EmbeddingEngine(configuration: EngineConfiguration(models: [model], cores: 2))
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
    }

    private var pictures: String { "\(folder.path)/pictures" }
    private var index: String { "\(folder.path)/index" }

    /// What the watch and the test tell each other.
    private final class Notes: Sendable {
        let isStopped = Atomic(false)
        let passes = Atomic(0)
        let told = Mutex<[String]>([])

        func tell(_ text: String) { told.withLock { $0.append(text) } }
    }

    /// Runs a watch while the body changes files, then ends it.
    private func watching(
        _ folder: String? = nil,
        others: [String] = [],
        rules: FolderWalk.Rules = .init(),
        _ body: (_ told: () -> [String], _ indexed: () throws -> [String]) async throws -> Void
    ) async throws {
        try await engine.start()
        let file = try IndexFile.open(index, for: try await IndexedModel(of: engine))
        let notes = Notes()
        var update = IndexUpdate(file, by: engine)
        update.isStopped = { notes.isStopped.load(ordering: .relaxed) }
        let watch = IndexWatch(update, folders: [folder ?? pictures] + others, rules: rules)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await watch.run { event in
                    switch event {
                    case .moved(let origin, let path): notes.tell("moved \(origin) \(path)")
                    case .failed(let path, _): notes.tell("failed \(path)")
                    case .progress, .emptyFolder: break
                    }
                } done: { _, _ in
                    notes.passes.add(1, ordering: .relaxed)
                }
            }
            defer { notes.isStopped.store(true, ordering: .relaxed) }
            try await eventually { notes.passes.load(ordering: .relaxed) > 0 }
            let reader = try IndexFile.open(index)
            try await body({ notes.told.withLock { $0 } }) {
                var paths: [String] = []
                var set = VectorSet(code: VectorCode(width: file.model.width))
                try reader.load(into: &set)
                for row in 0..<set.count {
                    paths += try reader.paths(ofContent: set.content(ofRow: row), in: .init())
                }
                return paths.sorted()
            }
            notes.isStopped.store(true, ordering: .relaxed)
            try await group.waitForAll()
        }
    }

    private func expect(_ names: [String], _ indexed: () throws -> [String]) async throws {
        let paths = names.map { "\(pictures)/\($0)" }.sorted()
        try await eventually { try indexed() == paths }
        #expect(try indexed() == paths)
    }

    private func put(_ name: String, _ number: Int) throws {
        let url = URL(fileURLWithPath: "\(pictures)/\(name)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try IndexUpdateTests.bitmap(number).write(to: url)
    }

    @Test("Files that come, change, move and go are found as they are, in new folders, too")
    func changes() async throws {
        try put("a.bmp", 1)
        try await watching { told, indexed in
            try await expect(["a.bmp"], indexed)
            try put("b.bmp", 2)
            try put("new/deep/c.bmp", 3)
            try put("notes.txt", 4)
            try await expect(["a.bmp", "b.bmp", "new/deep/c.bmp"], indexed)
            let files = FileManager.default
            try files.moveItem(atPath: "\(pictures)/b.bmp", toPath: "\(pictures)/new/d.bmp")
            try await expect(["a.bmp", "new/d.bmp", "new/deep/c.bmp"], indexed)
            #expect(told().contains("moved \(pictures)/b.bmp \(pictures)/new/d.bmp"))
            // A folder with all that is in it; what comes there afterwards has its new path.
            try files.moveItem(atPath: "\(pictures)/new", toPath: "\(pictures)/old")
            try await expect(["a.bmp", "old/d.bmp", "old/deep/c.bmp"], indexed)
            try put("old/deep/e.bmp", 5)
            try await expect(["a.bmp", "old/d.bmp", "old/deep/c.bmp", "old/deep/e.bmp"], indexed)
            try files.removeItem(atPath: "\(pictures)/old")
            try await expect(["a.bmp"], indexed)
            try Data("no picture".utf8).write(to: URL(fileURLWithPath: "\(pictures)/a.bmp"))
            try await expect([], indexed)
            #expect(told().contains("failed \(pictures)/a.bmp"))
        }
    }

    @Test("A file is taken when it is closed, and the rules hold for what comes")
    func written() async throws {
        var rules = FolderWalk.Rules()
        rules.patterns = [IgnorePattern("cache/".utf8), IgnorePattern("*.thumb.bmp".utf8)].compactMap(\.self)
        try put("a.bmp", 1)
        try await watching(rules: rules) { told, indexed in
            let path = "\(pictures)/slow.bmp"
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try put("b.bmp", 7)
            // It is written all the time until then.
            try await eventually {
                try handle.write(contentsOf: Data("no picture yet".utf8))
                return try indexed().count == 2
            }
            try handle.truncate(atOffset: 0)
            try handle.write(contentsOf: IndexUpdateTests.bitmap(2))
            try handle.close()
            try put("cache/c.bmp", 3)
            try put("d.thumb.bmp", 4)
            try put(".hidden.bmp", 5)
            try await expect(["a.bmp", "b.bmp", "slow.bmp"], indexed)
            #expect(told().isEmpty)
            // A link of a file is never closed; it is taken when nothing happens to it any more.
            try FileManager.default.linkItem(atPath: path, toPath: "\(pictures)/link.bmp")
            try await expect(["a.bmp", "b.bmp", "link.bmp", "slow.bmp"], indexed)
            let odd = FileName.text(of: Array("\(pictures)/".utf8) + [0xFF] + Array(".bmp".utf8))
            let written = FileName.withPath(odd) { name in
                FileName.withPath(path) { link($0, name) }
            }
            #expect(written == 0)
            try await eventually { try indexed().contains(odd) }
            #expect(try indexed().map(FileName.bytes).contains(FileName.bytes(of: odd)))
        }
    }

    @Test("If the folder goes away, the index keeps what it has, and goes on when it is back")
    func away() async throws {
        let other = "\(folder.path)/other"
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        try put("a.bmp", 1)
        try await watching(others: [other]) { _, indexed in
            try FileManager.default.moveItem(atPath: pictures, toPath: "\(folder.path)/away")
            try IndexUpdateTests.bitmap(2).write(to: URL(fileURLWithPath: "\(folder.path)/away/b.bmp"))
            // What happened before that has been looked at when it is there.
            try IndexUpdateTests.bitmap(9).write(to: URL(fileURLWithPath: "\(other)/z.bmp"))
            try await eventually { try indexed().contains("\(other)/z.bmp") }
            #expect(try indexed().contains("\(pictures)/a.bmp"))
            try FileManager.default.removeItem(atPath: "\(other)/z.bmp")
            try FileManager.default.moveItem(atPath: "\(folder.path)/away", toPath: pictures)
            try await expect(["a.bmp", "b.bmp"], indexed)
            try put("c.bmp", 3)
            try await expect(["a.bmp", "b.bmp", "c.bmp"], indexed)
        }
    }

    @Test("A folder that is taken away and made again has the files that it has now")
    func again() async throws {
        for (number, name) in ["a.bmp", "f/b.bmp", "f/deep/c.bmp", "g/d.bmp"].enumerated() {
            try put(name, number)
        }
        try await watching { _, indexed in
            let files = FileManager.default
            try files.removeItem(atPath: "\(pictures)/f")
            try put("f/e.bmp", 7)
            try files.removeItem(atPath: "\(pictures)/g")
            try files.createDirectory(atPath: "\(pictures)/g", withIntermediateDirectories: true)
            try await expect(["a.bmp", "f/e.bmp"], indexed)
            try put("g/h.bmp", 8)
            try await expect(["a.bmp", "f/e.bmp", "g/h.bmp"], indexed)
        }
    }

    @Test("A file that is dated in the future is taken all the same")
    func future() async throws {
        try await watching { _, indexed in
            let aside = "\(folder.path)/aside"
            try FileManager.default.createDirectory(atPath: aside, withIntermediateDirectories: true)
            try IndexUpdateTests.bitmap(1).write(to: URL(fileURLWithPath: "\(aside)/a.bmp"))
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 4_000_000_000)],
                ofItemAtPath: "\(aside)/a.bmp"
            )
            try FileManager.default.moveItem(atPath: aside, toPath: "\(pictures)/new")
            try await expect(["new/a.bmp"], indexed)
        }
    }

    @Test("A disk that is mounted where nothing was, and another time, is gone through and watched")
    func mounted() async throws {
        // A link stands for the place, since that changes without a word, too.
        let files = FileManager.default
        let place = "\(folder.path)/place"
        func mount(_ name: String) throws {
            try files.createSymbolicLink(
                atPath: "\(place).new",
                withDestinationPath: "\(folder.path)/\(name)"
            )
            #expect(rename("\(place).new", place) == 0)
        }
        for name in ["none", "disk", "other"] {
            try files.createDirectory(
                atPath: "\(folder.path)/\(name)/pictures",
                withIntermediateDirectories: true
            )
        }
        func put(_ disk: String, _ name: String, _ number: Int) throws {
            let url = URL(fileURLWithPath: "\(folder.path)/\(disk)/pictures/\(name)")
            try IndexUpdateTests.bitmap(number).write(to: url)
        }
        func expect(_ names: [String], _ indexed: () throws -> [String]) async throws {
            try await eventually { try indexed() == names.map { "\(place)/pictures/\($0)" } }
        }
        try mount("none")
        try put("disk", "a.bmp", 1)
        try put("other", "z.bmp", 9)
        try await watching("\(place)/pictures") { _, indexed in
            try mount("disk")
            try await expect(["a.bmp"], indexed)
            try put("disk", "b.bmp", 2)
            try await expect(["a.bmp", "b.bmp"], indexed)
            try mount("other")
            try await expect(["z.bmp"], indexed)
            try put("other", "y.bmp", 8)
            try await expect(["y.bmp", "z.bmp"], indexed)
        }
    }
}
#endif
