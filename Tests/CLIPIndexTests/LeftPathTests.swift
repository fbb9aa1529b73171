import CLIPEngine
import CLIPFiles
import CLIPIndex
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

@Suite("Where files come from, and how many copies they have")
struct LeftPathTests {
    private static let width = 64

    private let folder: TemporaryDirectory
    private let file: IndexFile

    init() throws {
        folder = try TemporaryDirectory()
        file = try IndexFile.open(
            "\(folder.path)/index",
            for: IndexedModel(name: "m", precision: "f32", sample: Self.vector)
        )
    }

    private static var vector: [Float] {
        var samples = VectorSamples(seed: 5)
        return samples.vector(width: width)
    }

    /// Adds files of one content, which need not be there.
    private func add(_ names: some Sequence<String>) throws -> Int {
        try file.commit(
            names.map {
                .init(
                    path: "\(folder.path)/\($0)",
                    look: .init(bytes: 1, modified: 1),
                    result: .embedded(hash: [1], Self.vector)
                )
            }
        )
        return try #require(try file.content(ofHash: [1]))
    }

    private func left(_ content: Int, besides name: String = "b.jpg", taken: [String] = []) throws -> String?
    {
        try file.leftPath(
            ofContent: content,
            besides: "\(folder.path)/\(name)",
            taken: Set(taken.map { FileName.bytes(of: "\(folder.path)/\($0)") })
        ).map { String($0.dropFirst(folder.path.count + 1)) }
    }

    @Test("A file that is away with its disk is no origin, and is no other's twice")
    func origins() throws {
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/disk",
            withIntermediateDirectories: true
        )
        let content = try add(["disk/a.jpg", "b.jpg"])
        #expect(try left(content) == nil)
        _ = try folder.write("b", to: "disk/other.jpg")
        #expect(try left(content) == "disk/a.jpg")
        #expect(try left(content, taken: ["disk/a.jpg"]) == nil)
        #expect(try left(content, besides: "disk/a.jpg") == "b.jpg")
        _ = try folder.write("a", to: "disk/a.jpg")
        #expect(try left(content) == nil)
        // By bytes.
        _ = try add(["disk/\u{AC00}.jpg"])
        let origin = try left(content, besides: "disk/\u{1100}\u{1161}.jpg", taken: ["b.jpg"])
        #expect(origin == "disk/\u{AC00}.jpg")
    }

    @Test("Of many copies few are looked at, those that are missing first")
    func copies() throws {
        let names = (0..<100).map { "\($0).jpg" }
        for name in names { _ = try folder.write("a", to: name) }
        let content = try add(names + ["gone.jpg"])
        #expect(try left(content) == nil)
        _ = try file.markMissing(paths: ["\(folder.path)/gone.jpg"], below: [])
        #expect(try left(content) == "gone.jpg")
        #expect(try left(content, taken: ["gone.jpg"]) == nil)
    }

    @Test("A picture is told with as many of its paths as are asked for, and with their number")
    func paths() async throws {
        _ = try add((0..<300).map { "\($0 % 2)/\($0).jpg" })
        let index = ImageIndex(file, threads: 1)
        var query = ImageIndex.Query(Self.vector, top: 1)
        let all = try #require(try await index.search([query]).matches[0].first)
        #expect((all.paths.count, all.fileCount) == (300, 300))
        query.mostPaths = 1
        let first = try #require(try await index.search([query]).matches[0].first)
        #expect((first.paths, first.fileCount) == (["\(folder.path)/0/0.jpg"], 300))
        query.scope.folder = "\(folder.path)/1"
        let below = try #require(try await index.search([query]).matches[0].first)
        #expect((below.paths, below.fileCount) == (["\(folder.path)/1/1.jpg"], 150))
        query.mostPaths = 150
        let last = try #require(try await index.search([query]).matches[0].first)
        #expect((last.paths.count, last.fileCount) == (150, 150))
    }
}

@Suite("Moving pictures to names that look alike")
struct LikeNamesTests {
    private let folder: TemporaryDirectory
    private let engine: EmbeddingEngine

    init() throws {
        folder = try TemporaryDirectory()
        let model = ModelSource(name: "tiny", directory: "\(folder.path)/model")
        try TinyModel.quick.write(to: model.directory, .openCLIP)
        engine = try EmbeddingEngine(configuration: EngineConfiguration(models: [model], cores: 2))
    }

    private func update() async throws -> IndexTally {
        try await engine.start()
        let file = try IndexFile.open("\(folder.path)/index", for: try await IndexedModel(of: engine))
        return try await IndexUpdate(file, by: engine).run(
            folders: ["\(folder.path)/pictures"],
            rules: .init()
        ) { _ in }
    }

    @Test("A folder of Hangul whose name gets another form, and copies of one picture, are told as moved")
    func hangul() async throws {
        let (old, new) = ("\(folder.path)/pictures/\u{1100}\u{1161}", "\(folder.path)/pictures/\u{AC00}")
        try #require(mkdir("\(folder.path)/pictures", 0o755) == 0)
        try #require(FileName.withPath(old) { mkdir($0, 0o755) } == 0)
        for number in 0..<6 {
            // Two are of one content.
            let bytes = Array(IndexUpdateTests.bitmap(min(number, 4)))
            _ = try folder.write(bytes, to: "pictures/\u{1100}\u{1161}/\(number).bmp")
        }
        let first = try await update()
        #expect(first.embedded + first.copies == 6)
        try #require(FileName.withPath(old) { old in FileName.withPath(new) { rename(old, $0) } } == 0)
        let tally = try await update()
        #expect((tally.moved, tally.copies, tally.missing, tally.embedded) == (6, 0, 0, 0))
    }
}
