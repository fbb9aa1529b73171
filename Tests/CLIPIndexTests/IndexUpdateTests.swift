import CLIPEngine
import CLIPFiles
import CLIPIndex
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

@Suite("Bringing an index up to date")
struct IndexUpdateTests {
    private let folder: TemporaryDirectory
    private let engine: EmbeddingEngine

    init() throws {
        folder = try TemporaryDirectory()
        let model = ModelSource(name: "tiny", directory: "\(folder.path)/model")
        try TinyModel.quick.write(to: model.directory, .openCLIP)
        engine = try EmbeddingEngine(configuration: EngineConfiguration(models: [model], cores: 2))
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/pictures",
            withIntermediateDirectories: true
        )
    }

    private var pictures: String { "\(folder.path)/pictures" }
    private var index: String { "\(folder.path)/index" }

    /// A bitmap of one colour, which differs from number to number.
    static func bitmap(_ number: Int) -> Data {
        let side = 8
        func word(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(value >> (8 * $0) & 255) }
        }
        var bytes = Array("BM".utf8) + word(54 + 3 * side * side, 4) + word(0, 4) + word(54, 4)
        bytes += word(40, 4) + word(side, 4) + word(side, 4) + word(1, 2) + word(24, 2) + word(0, 24)
        for place in 0..<side * side {
            bytes += [UInt8(number * 37 % 256), UInt8(number * 11 % 256), UInt8(place * 3)]
        }
        return Data(bytes)
    }

    private func put(_ name: String, _ data: Data) throws {
        let url = URL(fileURLWithPath: "\(pictures)/\(name)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try data.write(to: url)
    }

    private func update(
        retries: Bool = false,
        rules: FolderWalk.Rules = .init()
    ) async throws -> (IndexTally, [String]) {
        try await engine.start()
        let file = try IndexFile.open(index, for: try await IndexedModel(of: engine))
        let told = Mutex<[String]>([])
        let tally = try await IndexUpdate(file, by: engine, retries: retries).run(
            folders: [pictures],
            rules: rules
        ) { event in
            switch event {
            case .moved(let origin, let path): told.withLock { $0.append("moved \(origin) \(path)") }
            case .failed(let path, _): told.withLock { $0.append("failed \(path)") }
            case .emptyFolder(let path, let count): told.withLock { $0.append("empty \(path) \(count)") }
            case .progress: break
            }
        }
        return (tally, told.withLock { $0 })
    }

    @Test("New files are embedded once, and what is found is the picture that was asked for")
    func whole() async throws {
        for number in 0..<40 { try put("\(number % 3)/\(number).bmp", Self.bitmap(number)) }
        try put("0/no picture.jpg", Data("no picture".utf8))
        try put("0/notes.txt", Data("no picture".utf8))
        try put("0/copy.bmp", Self.bitmap(3))
        let (first, told) = try await update()
        #expect(first.embedded + first.copies + first.moved == 41)
        #expect((first.failed, first.passedOver, first.moved) == (1, 1, 0))
        #expect(told == ["failed \(pictures)/0/no picture.jpg"])
        let (second, _) = try await update()
        #expect((second.unchanged, second.embedded, second.failed, second.failedBefore) == (41, 0, 0, 1))
        let (third, _) = try await update(retries: true)
        #expect((third.failed, third.failedBefore) == (1, 0))
        let search = ImageIndex(try IndexFile.open(index), threads: 2)
        for number in [0, 7, 39] {
            let query = try await engine.embed(images: [.encoded(Array(Self.bitmap(number)))]).embeddings[0]
                .values
            let found = try await search.search([ImageIndex.Query(query, top: 1)])
            #expect(found.searched == 40)
            #expect(found.matches[0].first?.paths == ["\(pictures)/\(number % 3)/\(number).bmp"])
        }
        let path = "\(pictures)/1/7.bmp"
        let own = try #require(try await search.embedding(ofFile: path))
        let alike = try await search.search([ImageIndex.Query(own.1, top: 5, excluding: own.id)])
        #expect(alike.matches[0].count == 5)
        #expect(alike.matches[0].allSatisfy { !$0.paths.contains(path) })
    }

    @Test("A folder that was renamed is told as moved, and nothing is computed again")
    func moved() async throws {
        for number in 0..<20 { try put("old/\(number).bmp", Self.bitmap(number)) }
        _ = try await update()
        try FileManager.default.moveItem(atPath: "\(pictures)/old", toPath: "\(pictures)/new")
        let (tally, told) = try await update()
        #expect((tally.moved, tally.embedded, tally.missing) == (20, 0, 0))
        #expect(told.contains("moved \(pictures)/old/3.bmp \(pictures)/new/3.bmp"))
        let (again, _) = try await update()
        #expect((again.unchanged, again.files) == (20, 20))
    }

    @Test("Files that are gone are not found, come back for nothing, and go for good when that is asked for")
    func missing() async throws {
        for number in 0..<6 { try put("\(number).bmp", Self.bitmap(number)) }
        _ = try await update()
        try FileManager.default.moveItem(atPath: "\(pictures)/4.bmp", toPath: "\(folder.path)/aside.bmp")
        #expect(try await update().0.missing == 1)
        let search = ImageIndex(try IndexFile.open(index), threads: 1)
        let query = try await engine.embed(images: [.encoded(Array(Self.bitmap(4)))]).embeddings[0].values
        #expect(try await search.search([ImageIndex.Query(query, top: 9)]).matches[0].count == 5)
        try FileManager.default.moveItem(atPath: "\(folder.path)/aside.bmp", toPath: "\(pictures)/4.bmp")
        let (back, _) = try await update()
        #expect((back.embedded, back.missing) == (0, 0))
        #expect(try await search.search([ImageIndex.Query(query, top: 9)]).matches[0].count == 6)
        try FileManager.default.removeItem(atPath: "\(pictures)/4.bmp")
        _ = try await update()
        #expect(try IndexFile.open(index, for: try await IndexedModel(of: engine)).prune() == 1)
        #expect(try await search.search([ImageIndex.Query(query, top: 9)]).searched == 5)
        try put("4.bmp", Self.bitmap(4))
        #expect(try await update().0.embedded == 1)
    }

    @Test("A folder that is empty or away keeps what the index has of it")
    func empty() async throws {
        for number in 0..<4 { try put("\(number).bmp", Self.bitmap(number)) }
        _ = try await update()
        try FileManager.default.moveItem(atPath: pictures, toPath: "\(folder.path)/away")
        let (away, told) = try await update()
        #expect((away.missing, away.unreadable) == (0, 1))
        #expect(told.contains("empty \(pictures) 4"))
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        #expect(try await update().0.missing == 0)
        let search = ImageIndex(try IndexFile.open(index), threads: 1)
        let query = try await engine.embed(images: [.encoded(Array(Self.bitmap(1)))]).embeddings[0].values
        #expect(try await search.search([ImageIndex.Query(query, top: 9)]).matches[0].count == 4)
    }

    @Test("Patterns, hidden names and sizes are passed over, and links only followed where that is asked for")
    func rules() async throws {
        for name in ["a.bmp", ".b.bmp", "cache/c.bmp", "keep/d.bmp", "e.txt"] {
            try put(name, Self.bitmap(name.count * 7 + name.utf8.reduce(0) { $0 + Int($1) }))
        }
        try FileManager.default.createSymbolicLink(
            atPath: "\(pictures)/keep/up",
            withDestinationPath: pictures
        )
        var rules = FolderWalk.Rules()
        rules.patterns = [IgnorePattern("cache/".utf8)].compactMap(\.self)
        #expect(try await update(rules: rules).0.files == 2)
        rules.followsLinks = true
        #expect(try await update(rules: rules).0.files == 2)
        rules.takesHidden = true
        rules.takesAllNames = true
        rules.patterns = []
        #expect(try await update(rules: rules).0.files == 5)
        rules.bytes = 1...10
        #expect(try await update(rules: rules).0.files == 0)
    }
}
