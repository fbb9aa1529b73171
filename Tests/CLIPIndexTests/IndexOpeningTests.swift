import CLIPFiles
import CLIPIndex
import CLIPTestSupport
import Foundation
import GRDB
import Synchronization
import Testing

@Suite("Making and opening an index in a file", .timeLimit(.minutes(2)))
struct IndexOpeningTests {
    private static let width = 64

    private let folder: TemporaryDirectory
    private var path: String { "\(folder.path)/index" }

    init() throws { folder = try TemporaryDirectory() }

    private static func vector(_ number: Int) -> [Float] {
        var samples = VectorSamples(seed: UInt64(number) + 1000)
        return samples.vector(width: width)
    }

    private static func model(_ name: String = "m") -> IndexedModel {
        IndexedModel(name: name, precision: "f32", sample: vector(1_000_000))
    }

    private static func add(_ numbers: Range<Int>, to file: IndexFile) throws {
        try file.commit(
            numbers.map { number in
                IndexFile.Finding(
                    path: "/p/\(number).jpg",
                    look: IndexFile.Look(bytes: number, modified: number),
                    result: .embedded(hash: Array("hash \(number)".utf8), vector(number))
                )
            }
        )
    }

    private static func count(_ file: IndexFile) throws -> Int {
        var set = VectorSet(code: VectorCode(width: width))
        try file.load(into: &set)
        return set.count
    }

    /// An index as a killed process leaves it: with what it wrote last beside it.
    private func killed(_ name: String, _ endings: [String]) throws -> String {
        let writer = try IndexFile.open(path, for: Self.model())
        try Self.add(0..<50, to: writer)
        let copy = "\(folder.path)/\(name)"
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        for ending in endings {
            try FileManager.default.copyItem(atPath: path + ending, toPath: "\(copy)/index\(ending)")
        }
        withExtendedLifetime(writer) {}
        return "\(copy)/index"
    }

    // MARK: Names

    @Test("A name may have any bytes, and be one that SQLite takes for something else")
    func names() throws {
        let strange: [[UInt8]] = [
            [0xFF, 0xFE], Array(":memory:".utf8), Array("file:x?mode=memory".utf8), Array("a b%41#?é가".utf8),
            Array("\u{1100}\u{1161}".utf8) + [0x80],
        ]
        for name in strange {
            let place = FileName.text(of: Array("\(folder.path)/".utf8) + name)
            do {
                let writer = try IndexFile.open(place, for: Self.model())
                try Self.add(0..<3, to: writer)
            }
            let reader = try IndexFile.open(place)
            #expect(try Self.count(reader) == 3)
            #expect(IndexFile.Look(at: place) != nil)
        }
        let names = try #require(FileName.names(inFolder: folder.path)).map { FileName.bytes(of: $0) }
        #expect(strange.allSatisfy(names.contains))
        #expect(names.allSatisfy { name in strange.contains { name.starts(with: $0) } })
    }

    // MARK: Making

    @Test("A new index has nothing of one whose log was left behind")
    func oldLog() throws {
        let place = try killed("killed", ["", "-wal"])
        try FileManager.default.removeItem(atPath: place)
        _ = try folder.write("no journal", to: "killed/index-journal")
        let file = try IndexFile.open(place, for: Self.model("other"))
        #expect(file.model.name == "other")
        #expect(try Self.count(file) == 0)
        #expect(try file.known("/p/1.jpg", IndexFile.Look(bytes: 1, modified: 1)) == .unknown)
        try Self.add(100..<103, to: file)
        #expect(try Self.count(IndexFile.open(place)) == 3)
    }

    @Test("Whoever comes second at making an index adds to that of the first")
    func together() async throws {
        let path = path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    try await onThread {
                        let file = try IndexFile.open(path, for: Self.model(), patience: .seconds(60))
                        try Self.add(10 * number..<10 * number + 10, to: file)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try Self.count(IndexFile.open(path)) == 40)
    }

    @Test("What a killed process left of a draft is in nobody's way")
    func drafts() throws {
        do { _ = try IndexFile.open(path, for: Self.model()) }
        let other = "\(folder.path)/other"
        for draft in [
            "\(other).lock.new", "\(other).new-\(ProcessInfo.processInfo.processIdentifier)",
        ] {
            try FileManager.default.copyItem(atPath: path, toPath: draft)
        }
        _ = try folder.write("no journal", to: "other.lock.new-journal")
        #expect(try Self.count(IndexFile.open(other, for: Self.model())) == 0)
        #expect(!FileManager.default.fileExists(atPath: "\(other).lock.new"))
    }

    @Test("A draft gets its name on disks without links, too, and takes no other file's")
    func withoutLinks() throws {
        for hasLinks in [true, false] {
            let (draft, place) = ("\(folder.path)/draft", "\(folder.path)/place \(hasLinks)")
            _ = try folder.write("new", to: "draft")
            try IndexFile.put(draft, at: place, hasLinks: hasLinks)
            #expect(try String(contentsOfFile: place, encoding: .utf8) == "new")
            // With a link it is the same file.
            try? FileManager.default.removeItem(atPath: draft)
            _ = try folder.write("newer", to: "draft")
            try IndexFile.put(draft, at: place, hasLinks: hasLinks)
            #expect(try String(contentsOfFile: place, encoding: .utf8) == "new")
        }
        #expect(throws: IndexError.self) {
            try IndexFile.put("\(folder.path)/draft", at: "\(folder.path)/none/place")
        }
    }

    // MARK: Writers

    @Test("A second writer is told so, whatever the name that it has for the index; searches go on")
    func writers() throws {
        let link = "\(folder.path)/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        var first: IndexFile? = try IndexFile.open(path, for: Self.model())
        try Self.add(0..<3, to: try #require(first))
        for name in [path, link, "\(folder.path)/./index"] {
            #expect(throws: IndexError.busy(path: name)) {
                try IndexFile.open(name, for: Self.model(), patience: .zero)
            }
            #expect(try Self.count(IndexFile.open(name)) == 3)
        }
        #expect(throws: IndexError.busy(path: path)) {
            try IndexFile.open(path, for: Self.model(), patience: .milliseconds(50))
        }
        first = nil
        #expect(try Self.count(IndexFile.open(link, for: Self.model(), patience: .zero)) == 3)
        // Another model's writer does not keep the lock either.
        #expect(throws: IndexError.self) { try IndexFile.open(path, for: Self.model("n")) }
        _ = try IndexFile.open(path, for: Self.model(), patience: .zero)
    }

    @Test("Nothing is put beside a file that is no index, and a link that leads nowhere stays one")
    func foreign() throws {
        let file = try folder.write("something else", to: "foreign")
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/nowhere",
            withDestinationPath: "\(folder.path)/none"
        )
        _ = try folder.write("", to: "empty")
        #expect(throws: IndexError.foreign(path: file)) { try IndexFile.open(file, for: Self.model()) }
        #expect(throws: IndexError.notFound(path: "\(folder.path)/nowhere")) {
            try IndexFile.open("\(folder.path)/nowhere", for: Self.model())
        }
        #expect(throws: IndexError.foreign(path: "\(folder.path)/empty")) {
            try IndexFile.open("\(folder.path)/empty", for: Self.model())
        }
        let names = try #require(FileName.names(inFolder: folder.path))
        #expect(Set(names) == ["foreign", "nowhere", "empty"])
    }

    @Test("An index whose file is just growing is one of ours")
    func growing() throws {
        do { try Self.add(0..<300, to: IndexFile.open(path, for: Self.model())) }
        // The first page is written before those that the file gets longer by.
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        _ = try folder.write(Array(whole.prefix(whole.count / 2)), to: "growing")
        do {
            _ = try IndexFile.open("\(folder.path)/growing")
            Issue.record("SQLite itself finds that half of it is not there.")
        } catch {
            guard case .damaged = error else { throw error }
        }
        let foreign = "\(folder.path)/database"
        try DatabaseQueue(path: foreign).write { access in
            try access.execute(sql: "CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(100000))")
        }
        let other = try Data(contentsOf: URL(fileURLWithPath: foreign))
        _ = try folder.write(Array(other.prefix(other.count / 2)), to: "database")
        #expect(throws: IndexError.foreign(path: foreign)) { try IndexFile.open(foreign) }
    }

    // MARK: Rights

    #if os(Linux)
    @Test("Who may not write beside an index searches it, and sees what is written meanwhile")
    func readers() async throws {
        do { try Self.add(0..<3, to: IndexFile.open(path, for: Self.model())) }
        let frozen = try asNobody { try IndexFile.open(path) }
        #expect(try asNobody { try Self.count(frozen) } == 3)
        let followed = try asNobody { try FollowedIndex(path, threads: 1) }
        let query = ImageIndex.Query(Self.vector(1), top: 1)
        #expect(try await followed.search([query]).searched == 3)
        #expect(!frozen.isOutdated)
        do {
            let writer = try IndexFile.open(path, for: Self.model())
            try Self.add(3..<5, to: writer)
            // It was opened without locks; what it reads may be of two states.
            #expect(frozen.isOutdated)
            #expect(throws: IndexError.busy(path: path)) { try Self.count(frozen) }
            #expect(try await followed.search([query]).searched == 5)
            // As long as somebody writes, SQLite's locks can be had.
            let beside = try asNobody { try IndexFile.open(path) }
            #expect(try Self.count(beside) == 5)
            try Self.add(5..<6, to: writer)
            #expect(!beside.isOutdated)
            #expect(try Self.count(beside) == 6)
        }
        #expect(try asNobody { try Self.count(IndexFile.open(path)) } == 6)
        #expect(try await followed.search([query]).searched == 6)
        #expect(throws: IndexError.self) { try asNobody { try IndexFile.open(path, for: Self.model()) } }
    }

    @Test("What a killed process has written last is not left out for who may not write")
    func logs() throws {
        let place = try killed("log", ["", "-wal"])
        do {
            _ = try asNobody { try IndexFile.open(place) }
            Issue.record("It was opened without what is in the log.")
        } catch let error as IndexError {
            guard case .unusable(place, let cause) = error else { throw error }
            #expect(cause.contains("index-wal"))
        }
        #expect(try Self.count(IndexFile.open(place, for: Self.model())) == 50)
        let whole = try killed("whole", ["", "-wal", "-shm"])
        #expect(try asNobody { try Self.count(IndexFile.open(whole)) } == 50)
    }
    #endif
}

/// Runs what holds its thread on one of its own.
private func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        Thread { continuation.resume(with: Result { try body() }) }.start()
    }
}
