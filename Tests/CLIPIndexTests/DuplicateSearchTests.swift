import CLIPFiles
import CLIPIndex
import CLIPTestSupport
import Testing

@Suite("Finding duplicates")
struct DuplicateSearchTests {
    private static let width = 64

    private let folder: TemporaryDirectory
    private let file: IndexFile

    init() throws {
        folder = try TemporaryDirectory()
        let model = IndexedModel(name: "m", precision: "f32", sample: Self.vector(0))
        file = try IndexFile.open("\(folder.path)/index", for: model)
    }

    private static func vector(_ number: Int) -> [Float] {
        var samples = VectorSamples(seed: UInt64(number) + 7)
        return samples.vector(width: width)
    }

    /// A vector whose cosine with another is known.
    private static func vector(_ number: Int, near other: [Float], cosine wanted: Float) -> [Float] {
        let noise = vector(number)
        let along = Float(cosine(noise, other))
        let across = zip(noise, other).map { $0 - along * $1 }
        let length = Float(cosine(across, across).squareRoot())
        return zip(across, other).map { (1 - wanted * wanted).squareRoot() * $0 / length + wanted * $1 }
    }

    private func add(_ path: String, _ vector: [Float], bytes: Int = 100, hash: String? = nil) throws {
        try file.commit([
            .init(
                path: path,
                look: .init(bytes: bytes, modified: 1),
                result: .embedded(hash: Array((hash ?? path).utf8), vector)
            )
        ])
    }

    private func found(
        _ minScore: Float?,
        in scope: IndexFile.Scope = .init()
    ) throws -> [DuplicateSearch.Group] {
        var groups: [DuplicateSearch.Group] = []
        try DuplicateSearch(file, threads: 2).run(in: scope, minScore: minScore) {
            groups.append($0)
            return true
        }
        return groups
    }

    @Test("Equal bytes come first, then what is alike, the largest picture first, with cosines")
    func groups() throws {
        let first = Self.vector(1)
        try add("/a/small.jpg", first, bytes: 10)
        try add("/a/large.jpg", Self.vector(2, near: first, cosine: 0.98), bytes: 1000)
        try add("/a/other.jpg", Self.vector(3))
        try add("/a/near.jpg", Self.vector(4, near: first, cosine: 0.99), bytes: 50)
        try add("/b/copy.jpg", first, bytes: 10, hash: "/a/small.jpg")
        let groups = try found(0.96)
        #expect(groups.count == 2)
        #expect(groups.first == .equal(id: 1, paths: ["/a/small.jpg", "/b/copy.jpg"], bytes: 10))
        guard case .alike(let pictures) = groups.last else {
            Issue.record("There is no group of pictures that are alike.")
            return
        }
        #expect(
            pictures.map(\.paths) == [
                ["/a/large.jpg"], ["/a/small.jpg", "/b/copy.jpg"], ["/a/near.jpg"],
            ]
        )
        #expect(pictures.map(\.bytes) == [1000, 10, 50])
        #expect(pictures[0].score == 1)
        #expect(abs(pictures[1].score - 0.98) < 1e-4)
        #expect(try found(nil) == [groups[0]])
        #expect(try found(0.9999) == [groups[0]])
    }

    @Test("A folder's files are compared among themselves")
    func scope() throws {
        let first = Self.vector(1)
        for place in ["/a/1.jpg", "/b/2.jpg", "/b/3.jpg"] {
            try add(place, Self.vector(place.count + 9, near: first, cosine: 0.999), hash: place)
        }
        try add("/a/4.jpg", first, hash: "/b/2.jpg")
        #expect(try found(0.99, in: .init(folder: "/a")).count == 1)
        guard case .alike(let pictures)? = try found(0.99, in: .init(folder: "/b")).last else {
            Issue.record("Two files of one folder are not alike.")
            return
        }
        #expect(pictures.flatMap(\.paths).sorted() == ["/b/2.jpg", "/b/3.jpg"])
        #expect(try found(0.5, in: .init(folder: "/c")).isEmpty)
    }

    @Test("What is between two that are alike joins them, and the score tells how far apart they are")
    func chain() throws {
        let first = Self.vector(1)
        let second = Self.vector(2, near: first, cosine: 0.97)
        try add("/1.jpg", first, bytes: 5)
        try add("/2.jpg", second, bytes: 4)
        try add("/3.jpg", Self.vector(3, near: second, cosine: 0.97), bytes: 3)
        guard case .alike(let pictures)? = try found(0.965).first else {
            Issue.record("Nothing is alike.")
            return
        }
        #expect(pictures.map(\.paths) == [["/1.jpg"], ["/2.jpg"], ["/3.jpg"]])
        #expect(pictures[2].score < 0.965)
    }

    @Test("Files that are gone are in no group, nor are those that were forgotten and taken out")
    func gone() throws {
        let first = Self.vector(1)
        for number in 0..<4 { try add("/\(number).jpg", Self.vector(number + 5, near: first, cosine: 0.999)) }
        _ = try file.markMissing(paths: ["/1.jpg"], below: [])
        func paths() throws -> [String] {
            try found(0.99).flatMap { group in
                if case .alike(let pictures) = group {
                    pictures.flatMap(\.paths).sorted()
                } else {
                    [String]()
                }
            }
        }
        #expect(try paths() == ["/0.jpg", "/2.jpg", "/3.jpg"])
        _ = try file.prune()
        #expect(try file.compact(least: 1, part: 0) == 1)
        #expect(try paths() == ["/0.jpg", "/2.jpg", "/3.jpg"])
    }
}
