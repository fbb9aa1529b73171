import CLIPFiles
import CLIPIndex
import CLIPTestSupport
import Foundation
import GRDB
import Testing

@Suite("Index files that somebody has put together")
struct HostileIndexTests {
    private static let width = 64

    private let folder: TemporaryDirectory
    private var path: String { "\(folder.path)/index" }

    init() throws {
        folder = try TemporaryDirectory()
        let file = try IndexFile.open(path, for: Self.model)
        try file.commit(
            (0..<5).map { number in
                IndexFile.Finding(
                    path: "/p/\(number).jpg",
                    look: IndexFile.Look(bytes: number, modified: number),
                    result: .embedded(hash: [UInt8(number)], Self.vector(number))
                )
            }
        )
    }

    private static func vector(_ number: Int) -> [Float] {
        var samples = VectorSamples(seed: UInt64(number) + 1000)
        return samples.vector(width: width)
    }

    private static var model: IndexedModel {
        IndexedModel(name: "m", precision: "f32", sample: vector(1_000_000))
    }

    private func change(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws {
        try DatabaseQueue(path: path).inDatabase { try $0.execute(sql: sql, arguments: arguments) }
    }

    /// Whether it is refused as damaged by whatever reads its vectors.
    private func isRefused() throws -> Bool {
        func refuses(_ body: () throws -> Void) throws -> Bool {
            do { try body() } catch let error as IndexError {
                guard case .damaged = error else { throw error }
                return true
            }
            return false
        }
        let reader = try IndexFile.open(path)
        var set = VectorSet(code: VectorCode(width: Self.width))
        let refusals = [
            try refuses { try reader.load(into: &set) },
            try refuses {
                try DuplicateSearch(reader, threads: 1).run(in: .init(), minScore: 0.5) { _ in true }
            },
        ]
        #expect(set.count == (refusals[0] ? 0 : 5))
        #expect(refusals[0] == refusals[1])
        return refusals[0]
    }

    @Test("Numbers of pieces that no index has are refused")
    func chunks() throws {
        #expect(try !isRefused())
        for id in [1 << 62, Int.max, Int.min, -1, 3] {
            try change("INSERT INTO chunks VALUES (?, 0, x'', x'', NULL)", [id])
            // Those before the first are not read.
            #expect(try isRefused() == (id > 0), "\(id)")
            try change("DELETE FROM chunks WHERE id = ?", [id])
        }
        for count in [1025, -1, Int.max, Int.min] {
            try change("UPDATE chunks SET count = ?", [count])
            #expect(try isRefused(), "\(count)")
        }
        try change("UPDATE chunks SET count = 5")
        #expect(try !isRefused())
        let writer = try IndexFile.open(path, for: Self.model)
        try change("UPDATE chunks SET id = 4611686018427387904")
        #expect(throws: IndexError.self) {
            try writer.commit([
                .init(
                    path: "/q",
                    look: .init(bytes: 1, modified: 1),
                    result: .embedded(hash: [9], Self.vector(9))
                )
            ])
        }
    }

    @Test("Steps and errors that no vector of length one can have are refused, and found by no search")
    func terms() throws {
        let whole = try #require(
            try DatabaseQueue(path: path).read { try Data.fetchOne($0, sql: "SELECT terms FROM chunks") }
        )
        func set(_ value: Float, at place: Int) throws {
            var terms = whole
            withUnsafeBytes(of: value.bitPattern.littleEndian) {
                terms.replaceSubrange(4 * place..<4 * place + 4, with: $0)
            }
            try change("UPDATE chunks SET terms = ?", [terms])
        }
        for place in [0, 1, 8, 9] {
            for value in [Float.nan, .infinity, -.infinity, -1e-3, 1, 1e30] {
                try set(value, at: place)
                #expect(try isRefused(), "\(value) at \(place)")
            }
            try set(0, at: place)
            // A vector of nothing has no step and no error; one has no error without a step.
            #expect(try isRefused() == (place % 2 == 0), "0 at \(place)")
        }
        try change("UPDATE chunks SET terms = ?", [whole])
        #expect(try !isRefused())
    }

    @Test("Files may have any numbers")
    func files() throws {
        for id in [1 << 60, Int.max, Int.min, -7, 1 << 32] {
            try change("UPDATE files SET id = ? WHERE path = ?", [id, Data("/p/3.jpg".utf8)])
            let file = try IndexFile.open(path)
            guard
                case .current(id: id, isMissing: false) = try file.known(
                    "/p/3.jpg",
                    IndexFile.Look(bytes: 3, modified: 3)
                )
            else {
                Issue.record("It is not known.")
                return
            }
            var seen = SeenFiles()
            #expect(!seen.contains(id))
            seen.insert(id)
            #expect(seen.contains(id) && !seen.contains(id ^ 1) && !seen.contains(id ^ 64))
        }
        var seen = SeenFiles()
        let numbers = [0, 1, 63, 64, 4095, 4096, 5000, -1, 1 << 40]
        for number in numbers { seen.insert(number) }
        #expect((-9000..<9000).filter(seen.contains) == [-1, 0, 1, 63, 64, 4095, 4096, 5000])
    }

    @Test("A sample that is no embedding is refused")
    func sample() throws {
        try change("UPDATE facts SET value = zeroblob(400000) WHERE name = 'sample'")
        #expect(throws: IndexError.damaged(path: path, what: "its sample is no vector")) {
            try IndexFile.open(path)
        }
    }
}
