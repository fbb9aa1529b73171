import CLIPEngine
import CLIPFiles
import CLIPIndex
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

@Suite("Bringing an index up to date where files go away, cannot be read, or are large")
struct IndexUpdateFaultTests {
    private let folder: TemporaryDirectory
    private let engine: EmbeddingEngine
    private let files = FileManager.default

    init() throws {
        folder = try TemporaryDirectory()
        let model = ModelSource(name: "tiny", directory: "\(folder.path)/model")
        try TinyModel.quick.write(to: model.directory, .openCLIP)
        var configuration = EngineConfiguration(models: [model], cores: 2)
        configuration.memoryBudget = 64_000_000
        engine = try EmbeddingEngine(configuration: configuration)
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/pictures",
            withIntermediateDirectories: true
        )
    }

    private var pictures: String { "\(folder.path)/pictures" }

    private func put(_ name: String, _ data: Data) throws {
        let url = URL(fileURLWithPath: "\(pictures)/\(name)")
        try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }

    private func opened() async throws -> IndexFile {
        try await engine.start()
        return try IndexFile.open("\(folder.path)/index", for: try await IndexedModel(of: engine))
    }

    private func update(
        _ store: any IndexStore,
        following: Bool = false,
        told: @escaping (String) -> Void = { _ in }
    ) async throws -> IndexTally {
        var rules = FolderWalk.Rules()
        rules.followsLinks = following
        return try await IndexUpdate(store, by: engine).run(folders: [pictures], rules: rules) { event in
            if case .failed(let path, let reason) = event { told("\(path): \(reason)") }
        }
    }

    @Test("What cannot be read keeps its own files in the index, and no others")
    func spared() async throws {
        for name in ["a.bmp", "b.bmp", "usb/c.bmp", "usb/deep/d.bmp"] {
            try put(name, IndexUpdateTests.bitmap(name.utf8.reduce(0) { $0 + Int($1) }))
        }
        // A disk, below a link.
        try files.moveItem(atPath: "\(pictures)/usb", toPath: "\(folder.path)/disk")
        try files.createSymbolicLink(atPath: "\(pictures)/usb", withDestinationPath: "\(folder.path)/disk")
        let store = try await opened()
        #expect(try await update(store, following: true).embedded == 4)
        try files.removeItem(atPath: "\(pictures)/b.bmp")
        try files.moveItem(atPath: "\(folder.path)/disk", toPath: "\(folder.path)/away")
        // The system does not let this be looked at, whoever asks.
        try files.createSymbolicLink(atPath: "\(pictures)/ring.bmp", withDestinationPath: "ring.bmp")
        let told = Mutex<[String]>([])
        let tally = try await update(store, following: true) { text in told.withLock { $0.append(text) } }
        #expect((tally.unchanged, tally.missing, tally.unreadable) == (1, 1, 1))
        #expect(
            told.withLock { $0 }.first?.hasPrefix("\(pictures)/ring.bmp: It cannot be read: Too many") == true
        )
        #expect(try store.fileCount(below: pictures) == 3)
        try files.moveItem(atPath: "\(folder.path)/away", toPath: "\(folder.path)/disk")
        try files.removeItem(atPath: "\(folder.path)/disk/deep/d.bmp")
        #expect(try await update(store, following: true).missing == 1)
    }

    @Test("A folder that may not be read keeps its own files", .enabled(if: geteuid() != 0))
    func closed() async throws {
        for name in ["a.bmp", "closed/b.bmp"] { try put(name, IndexUpdateTests.bitmap(name.count)) }
        let store = try await opened()
        _ = try await update(store)
        try files.removeItem(atPath: "\(pictures)/a.bmp")
        try put("z.bmp", IndexUpdateTests.bitmap(99))
        #expect(chmod("\(pictures)/closed", 0) == 0)
        defer { chmod("\(pictures)/closed", 0o700) }
        let tally = try await update(store)
        #expect((tally.missing, tally.unreadable) == (1, 1))
        #expect(try store.fileCount(below: pictures) == 2)
    }

    @Test("Which paths are spared: those that were named, and all below them")
    func paths() {
        var spared = SparedPaths()
        #expect(!spared.contain(Array("/a".utf8)))
        for path in ["/a/b", "/c/", FileName.text(of: [0x2F, 0xFF])] { spared.insert(path) }
        for path in ["/a/b", "/a/b/c/d", "/c", "/c/d"] { #expect(spared.contain(Array(path.utf8))) }
        for path in ["/a", "/a/bc", "/a/c", "/", ""] { #expect(!spared.contain(Array(path.utf8))) }
        #expect(spared.contain([0x2F, 0xFF, 0x2F, 0x61]))
        spared.insert("/")
        #expect(spared.contain(Array("/x".utf8)))
    }

    @Test("What is found out is written in time, also while files are gone through that are as before")
    func drained() async throws {
        for number in 0..<300 { try put("m/\(number).bmp", IndexUpdateTests.bitmap(number)) }
        let file = try await opened()
        _ = try await update(file)
        for number in 0..<3 { try put("a/\(number).bmp", IndexUpdateTests.bitmap(400 + number)) }
        let probe = StoreProbe(file, longestPending: .milliseconds(50), fileTime: .milliseconds(5))
        let tally = try await update(probe)
        #expect((tally.embedded + tally.copies, tally.unchanged) == (3, 300))
        #expect(probe.notes.asked == 303)
        let asked = try #require(probe.notes.askedBeforeCommit)
        #expect(asked < 303)
    }

    @Test("Of large files only as many are in hand as the budget has room for")
    func bytes() async throws {
        for number in 0..<12 {
            try put("\(number).bmp", IndexUpdateTests.bitmap(number))
            // What follows a bitmap is not looked at, and takes no room on most disks.
            let handle = try #require(FileHandle(forWritingAtPath: "\(pictures)/\(number).bmp"))
            try handle.truncate(atOffset: 5_000_000)
            try handle.close()
        }
        let probe = StoreProbe(try await opened(), contentTime: .milliseconds(30))
        let tally = try await update(probe)
        #expect(tally.embedded == 12)
        // A quarter of 64 MB.
        #expect((2...3).contains(probe.notes.mostContents))
        for number in 20..<40 { try put("\(number).bmp", IndexUpdateTests.bitmap(number)) }
        _ = try await update(probe)
        #expect(probe.notes.mostContents > 3)
    }

    @Test("Files that were no pictures are kept with the reason, and forgotten when they are gone")
    func failures() async throws {
        try put("a.bmp", IndexUpdateTests.bitmap(1))
        for name in ["bad.jpg", "below/bad.jpg", "below/worse.jpg", "belowed.jpg"] {
            try put(name, Data("no picture".utf8))
        }
        let store = try await opened()
        #expect(try await update(store).failed == 4)
        func names(_ folder: String? = nil) throws -> [String] {
            var names: [String] = []
            try IndexLocation("\(self.folder.path)/index").failures(below: folder) { failure in
                #expect(!failure.reason.isEmpty)
                names.append(failure.path.replacing("\(pictures)/", with: ""))
                return true
            }
            return names
        }
        #expect(try names() == ["bad.jpg", "below/bad.jpg", "below/worse.jpg", "belowed.jpg"])
        #expect(try names("\(pictures)/below") == ["below/bad.jpg", "below/worse.jpg"])
        try files.removeItem(atPath: "\(pictures)/below/bad.jpg")
        #expect(try await store.pruneFailures() == 1)
        #expect(try await store.pruneFailures() == 0)
        #expect(try names() == ["bad.jpg", "below/worse.jpg", "belowed.jpg"])
        // One that is another one now was found out about since.
        let known = try #require(try store.failures(below: "\(pictures)/below", after: nil).first)
        let other = IndexFailure(path: known.path, look: FileLook(bytes: 1, modified: 2), reason: "")
        #expect(try store.forget([other]) == 0)
        // Of a folder that is empty the disk may be away.
        try files.moveItem(atPath: pictures, toPath: "\(folder.path)/away")
        try files.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        #expect(try await store.pruneFailures() == 0)
        try put("another.bmp", IndexUpdateTests.bitmap(2))
        #expect(try await store.pruneFailures() == 3)
        #expect(try names().isEmpty)
    }

    @Test("All failures are told, however many there are, and as many as are wanted")
    func manyFailures() async throws {
        let store = try await opened()
        let look = FileLook(bytes: 1, modified: 1)
        try store.commit(
            (0..<2500).map { number in
                IndexFile.Finding(
                    path: "\(pictures)/\(1_000_000 + number).jpg",
                    look: look,
                    result: .failed(reason: "It is number \(number).")
                )
            }
        )
        var told: [String] = []
        let location = try IndexLocation("\(folder.path)/index")
        try location.failures { failure in
            told.append(failure.reason)
            return true
        }
        #expect(told == (0..<2500).map { "It is number \($0)." })
        var count = 0
        try location.failures { _ in
            count += 1
            return count < 1200
        }
        #expect(count == 1200)
    }
}
