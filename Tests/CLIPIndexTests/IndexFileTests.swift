import CLIPFiles
import CLIPIndex
import CLIPTestSupport
import Foundation
import Testing

@Suite("An index in a file")
struct IndexFileTests {
    private static let width = 64

    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private static func model(
        _ name: String = "m",
        precision: String = "f32",
        seed: UInt64 = 1,
        width: Int = width
    )
        -> IndexedModel
    {
        var samples = VectorSamples(seed: seed)
        return IndexedModel(name: name, precision: precision, sample: samples.vector(width: width))
    }

    private static func findings(_ range: Range<Int>, folder: String = "/p") -> [IndexFile.Finding] {
        range.map { number in
            var samples = VectorSamples(seed: UInt64(number) + 1000)
            return IndexFile.Finding(
                path: "\(folder)/\(number).jpg",
                look: IndexFile.Look(bytes: number, modified: number),
                result: .embedded(hash: Array("hash \(number)".utf8), samples.vector(width: width))
            )
        }
    }

    private static func vector(_ number: Int) -> [Float] {
        var samples = VectorSamples(seed: UInt64(number) + 1000)
        return samples.vector(width: width)
    }

    private static func search(
        _ file: IndexFile,
        _ query: [Float],
        _ scope: IndexFile.Scope = .init()
    ) throws
        -> [(path: String, score: Float)]
    {
        var set = VectorSet(code: VectorCode(width: width))
        _ = try file.load(into: &set)
        let queries = set.code.queries([query])
        let wish = VectorScan.Wish(top: 3)
        let scan = VectorScan(vectors: set, threads: 2)
        let lists = scan.shortlists(for: queries, [wish], among: try file.rows(in: scope, of: set))
        return try scan.best(of: lists[0], for: 0, of: queries, wish) { (row) throws(IndexError) in
            try file.low(ofContent: set.content(ofRow: row))
        }.flatMap { match in
            try file.paths(ofContent: set.content(ofRow: match.row), in: scope).map { ($0, match.score) }
        }
    }

    @Test("What was committed is found, over several commits and chunks, by a reader beside the writer")
    func roundTrip() throws {
        let path = "\(folder.path)/index"
        let writer = try IndexFile.open(path, for: Self.model())
        try writer.commit(Self.findings(0..<700))
        let reader = try IndexFile.open(path)
        #expect(reader.model == Self.model())
        var set = VectorSet(code: VectorCode(width: Self.width))
        let version = try reader.load(into: &set)
        #expect(set.count == 700)
        #expect(try reader.version() == version)
        try writer.commit(Self.findings(700..<2500))
        #expect(try reader.version() != version)
        _ = try reader.load(into: &set)
        #expect(set.count == 2500)
        for number in [0, 699, 700, 1023, 1024, 2499] {
            let found = try Self.search(reader, Self.vector(number))
            #expect(found.first?.path == "/p/\(number).jpg")
            #expect(abs((found.first?.score ?? 0) - 1) < 1e-4)
        }
    }

    @Test("A path is known by its size and time, and a content by its hash")
    func known() throws {
        let file = try IndexFile.open("\(folder.path)/index", for: Self.model())
        let look = IndexFile.Look(bytes: 5, modified: 9)
        #expect(try file.known("/a", look) == .unknown)
        try file.commit([.init(path: "/a", look: look, result: .embedded(hash: [1], Self.vector(1)))])
        guard case .current = try file.known("/a", look) else {
            Issue.record("The path is not known.")
            return
        }
        #expect(try file.known("/a", IndexFile.Look(bytes: 5, modified: 10)) == .unknown)
        let content = try #require(try file.content(ofHash: [1]))
        try file.commit([.init(path: "/b", look: look, result: .known(content: content))])
        #expect(try file.content(ofPath: "/b") == content)
        #expect(try Self.search(file, Self.vector(1)).map(\.path) == ["/a", "/b"])
        try file.commit([.init(path: "/c", look: look, result: .failed(reason: "no picture"))])
        #expect(try file.known("/c", look) == .failed(reason: "no picture"))
        try file.commit([.init(path: "/c", look: look, result: .known(content: content))])
        guard case .current = try file.known("/c", look) else {
            Issue.record("A failure stays when the file has been read.")
            return
        }
    }

    @Test("Paths that are no text come back as they were")
    func paths() throws {
        let file = try IndexFile.open("\(folder.path)/index", for: Self.model())
        let path = FileName.text(of: Array("/p/".utf8) + [0xFF, 0xFE, 0x41])
        let look = IndexFile.Look(bytes: 1, modified: 1)
        try file.commit([.init(path: path, look: look, result: .embedded(hash: [1], Self.vector(1)))])
        let found = try Self.search(file, Self.vector(1)).map(\.path)
        #expect(found.map(FileName.bytes) == [FileName.bytes(of: path)])
    }

    @Test("A search stays below a folder, and after a time")
    func scope() throws {
        let file = try IndexFile.open("\(folder.path)/index", for: Self.model())
        try file.commit(
            Self.findings(0..<5, folder: "/a") + Self.findings(5..<9, folder: "/a.b")
                + Self.findings(9..<12, folder: "/a/c")
        )
        #expect(
            try Self.search(file, Self.vector(6), .init(folder: "/a")).allSatisfy { $0.path.hasPrefix("/a/") }
        )
        #expect(try Self.search(file, Self.vector(6), .init(folder: "/a.b/")).first?.path == "/a.b/6.jpg")
        #expect(try Self.search(file, Self.vector(1), .init(folder: "/a/c")).count == 3)
        #expect(try Self.search(file, Self.vector(1), .init(since: 11)).map(\.path) == ["/a/c/11.jpg"])
        #expect(try Self.search(file, Self.vector(1), .init(folder: "/nothing")).isEmpty)
    }

    @Test("Files that are no index of ours are refused, and stay as they are")
    func foreign() throws {
        for content in ["not a database", String(repeating: "SQLite format 3\0", count: 300)] {
            let path = "\(folder.path)/\(content.count)"
            try Data(content.utf8).write(to: URL(fileURLWithPath: path))
            #expect(throws: IndexError.foreign(path: path)) { try IndexFile.open(path) }
            #expect(throws: IndexError.foreign(path: path)) { try IndexFile.open(path, for: Self.model()) }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(content.utf8))
        }
        #expect(throws: IndexError.notFound(path: "\(folder.path)/none")) {
            try IndexFile.open("\(folder.path)/none")
        }
    }

    @Test("An index that was cut or written over is refused with a sentence, however it is damaged")
    func damaged() throws {
        let path = "\(folder.path)/index"
        do {
            let file = try IndexFile.open(path, for: Self.model())
            try file.commit(Self.findings(0..<1500))
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        var refused = 0
        for number in 0..<60 {
            var samples = VectorSamples(seed: UInt64(number))
            var data = whole
            if number % 2 == 0 {
                data = data.prefix(100 + Int(abs(samples.number()) * Float(data.count - 100)))
            } else {
                for _ in 0..<200 {
                    let place = 100 + Int(abs(samples.number()) * Float(data.count - 101))
                    data[place] = UInt8(abs(samples.number()) * 255)
                }
            }
            let broken = "\(folder.path)/broken"
            for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: broken + end) }
            try data.write(to: URL(fileURLWithPath: broken))
            do {
                let file = try IndexFile.open(broken)
                _ = try Self.search(file, Self.vector(3))
            } catch is IndexError {
                refused += 1
            }
        }
        #expect(refused > 30)
    }

    @Test("Another model's vectors are refused, and the reason is told")
    func models() throws {
        let path = "\(folder.path)/index"
        _ = try IndexFile.open(path, for: Self.model())
        _ = try IndexFile.open(path, for: Self.model())
        #expect(throws: IndexError.otherModel(.name(index: "m", given: "n"))) {
            try IndexFile.open(path, for: Self.model("n"))
        }
        #expect(throws: IndexError.otherModel(.precision(index: "f32", given: "bf16"))) {
            try IndexFile.open(path, for: Self.model(precision: "bf16"))
        }
        #expect(throws: IndexError.otherModel(.width(index: 64, given: 128))) {
            try IndexFile.open(path, for: Self.model(width: 128))
        }
        #expect(throws: IndexError.otherModel(.weights(name: "m"))) {
            try IndexFile.open(path, for: Self.model(seed: 2))
        }
    }
}
