import CLIPFiles
import CLIPIndex
import CLIPTestSupport
import Foundation
import GRDB
import Testing

@Suite("Taking forgotten vectors out of an index")
struct CompactionTests {
    private static let width = 64

    private let folder: TemporaryDirectory
    private let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = "\(folder.path)/index"
    }

    private static func vector(_ number: Int) -> [Float] {
        var samples = VectorSamples(seed: UInt64(number) + 1000)
        return samples.vector(width: width)
    }

    private func open() throws -> IndexFile {
        let model = IndexedModel(name: "m", precision: "f32", sample: Self.vector(1_000_000))
        return try IndexFile.open(path, for: model)
    }

    private func add(_ numbers: some Sequence<Int>, to file: IndexFile) throws {
        try file.commit(
            numbers.map { number in
                IndexFile.Finding(
                    path: "/p/\(number).jpg",
                    look: IndexFile.Look(bytes: 1000 + number, modified: number),
                    result: .embedded(hash: Array("hash \(number)".utf8), Self.vector(number))
                )
            }
        )
    }

    /// Has files forgotten, whose vectors then belong to nobody.
    private func forget(_ numbers: some Sequence<Int>, in file: IndexFile) throws -> Int {
        _ = try file.markMissing(paths: numbers.map { "/p/\($0).jpg" }, below: [])
        return try file.prune()
    }

    private func found(_ number: Int, in index: ImageIndex) async throws -> ImageIndex.Match? {
        try await index.search([ImageIndex.Query(Self.vector(number), top: 1)]).matches[0].first
    }

    private func pages() throws -> Int? {
        try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: "PRAGMA page_count") }
    }

    @Test("What is left is found as before, under the same numbers, and the file is smaller")
    func whole() async throws {
        let file = try open()
        try add(0..<5000, to: file)
        let index = ImageIndex(try IndexFile.open(path), threads: 2)
        let ids = try await [0, 1024, 2999, 4999].asyncMap { try await found($0, in: index)?.id }
        var set = VectorSet(code: VectorCode(width: Self.width))
        try file.load(into: &set)
        let generation = set.generation
        #expect(try forget((0..<5000).filter { $0 % 3 == 1 || (100..<1000).contains($0) }, in: file) > 2000)
        #expect(try file.compact() > 2000)
        try file.load(into: &set)
        #expect(set.generation != generation)
        let size = try #require(try pages())
        #expect(try file.shrink() > 0)
        #expect(try #require(try pages()) < size * 3 / 4)
        #expect(try file.freePart() < 0.05)
        // A reader that was there before, and one that comes now.
        for index in [index, ImageIndex(try IndexFile.open(path), threads: 1)] {
            for (number, id) in zip([0, 1024, 2999, 4999], ids) where number % 3 != 1 {
                let match = try #require(try await found(number, in: index))
                #expect(match.paths == ["/p/\(number).jpg"])
                #expect(match.id == id)
            }
            #expect(try await found(1, in: index)?.paths != ["/p/1.jpg"])
        }
        #expect(try file.compact(least: 1, part: 0) == 0)
    }

    @Test("No number is given twice, and what comes later goes on behind what is left")
    func later() async throws {
        let file = try open()
        try add(0..<2100, to: file)
        let reader = ImageIndex(try IndexFile.open(path), threads: 1)
        let last = try #require(try await found(2099, in: reader)?.id)
        _ = try forget(1000..<2100, in: file)
        #expect(try file.compact() == 1100)
        try add(3000..<4100, to: file)
        let first = try #require(try await found(3000, in: reader))
        #expect(first.id == last + 1)
        #expect(first.paths == ["/p/3000.jpg"])
        for number in [0, 999, 3023, 3024, 4099] {
            #expect(try await found(number, in: reader)?.paths == ["/p/\(number).jpg"])
        }
        // All of them gone, and again.
        _ = try forget(Array(0..<1000) + Array(3000..<4100), in: file)
        #expect(try file.compact() == 2100)
        #expect(try await reader.search([ImageIndex.Query(Self.vector(1), top: 1)]).searched == 0)
        try add(5000..<5003, to: file)
        #expect(try await found(5002, in: reader)?.id == first.id + 1102)
    }

    @Test("Little that is forgotten is left where it is, and is not found")
    func little() async throws {
        let file = try open()
        try add(0..<1500, to: file)
        _ = try forget(0..<300, in: file)
        #expect(try file.compact() == 0)
        _ = try forget(300..<1400, in: file)
        #expect(try file.compact(least: 2000) == 0)
        let index = ImageIndex(try IndexFile.open(path), threads: 1)
        #expect(try await index.search([ImageIndex.Query(Self.vector(1), top: 9)]).searched == 100)
        #expect(try file.compact() == 1400)
    }

    @Test("A search that began before goes on with what it has read, and lacks what was forgotten")
    func meanwhile() throws {
        let file = try open()
        try add(0..<3000, to: file)
        let reader = try IndexFile.open(path)
        var set = VectorSet(code: VectorCode(width: Self.width))
        try reader.load(into: &set)
        _ = try forget(0..<2000, in: file)
        #expect(try file.compact() == 2000)
        _ = try file.shrink()
        let (queries, wish) = (
            set.code.queries([Self.vector(7), Self.vector(2500)]), VectorScan.Wish(top: 1)
        )
        let scan = VectorScan(vectors: set, threads: 1)
        let lists = scan.shortlists(for: queries, [wish, wish])
        let rows = try lists.indices.map { number in
            try scan.best(of: lists[number], for: number, of: queries, wish) { (row) throws(IndexError) in
                try reader.low(ofContent: set.content(ofRow: row))
            }.first.map { set.content(ofRow: $0.row) }
        }
        #expect(rows[0] == nil || (rows[0] ?? 0) > 2000)
        #expect(rows[1].flatMap { try? reader.paths(ofContent: $0, in: .init()) } == ["/p/2500.jpg"])
        try reader.load(into: &set)
        #expect(set.count == 1000)
        #expect(set.row(ofContent: 7) == nil)
        #expect(set.row(ofContent: 2501) == 500)
    }

    @Test("An index of an earlier version is searched as it is, and gets what it lacks when it is written")
    func earlier() async throws {
        do {
            let file = try open()
            try add(0..<1200, to: file)
        }
        try DatabaseQueue(path: path).inDatabase { access in
            try access.execute(sql: "ALTER TABLE chunks DROP COLUMN ids")
            try access.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '2'")
        }
        let reader = ImageIndex(try IndexFile.open(path), threads: 1)
        #expect(try await found(1100, in: reader)?.paths == ["/p/1100.jpg"])
        let file = try open()
        try add(1200..<1300, to: file)
        _ = try forget(0..<1100, in: file)
        #expect(try file.compact() == 1100)
        #expect(try await found(1250, in: reader)?.paths == ["/p/1250.jpg"])
        #expect(try file.shrink() > 0)
    }

    @Test("A packed index that was written over is refused with a sentence, or searched, and ends nothing")
    func damaged() throws {
        let file = try open()
        try add(0..<1500, to: file)
        _ = try forget(0..<1100, in: file)
        #expect(try file.compact() == 1100)
        let copy = "\(folder.path)/copy"
        try DatabaseQueue(path: path).backup(to: DatabaseQueue(path: copy))
        let whole = try Data(contentsOf: URL(fileURLWithPath: copy))
        var refused = 0
        for number in 0..<40 {
            var samples = VectorSamples(seed: UInt64(number) + 71)
            var data = whole
            for _ in 0..<150 {
                let place = 100 + Int(abs(samples.number()) * Float(data.count - 101))
                data[place] = UInt8(abs(samples.number()) * 255)
            }
            let broken = "\(folder.path)/broken"
            for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: broken + end) }
            try data.write(to: URL(fileURLWithPath: broken))
            do throws(IndexError) {
                let file = try IndexFile.open(broken)
                try DuplicateSearch(file, threads: 1).run(in: .init(), minScore: 0.9) { _ in true }
            } catch {
                refused += 1
            }
        }
        #expect(refused > 10)
    }
}

extension Array {
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
