import CLIPEngine
import CLIPIndex
import CLIPTestSupport
import Foundation

/// A folder of pictures with an index beside it.
struct PictureFolder {
    private let place: TemporaryDirectory
    var path: String { "\(place.path)/pictures" }
    var index: String { "\(place.path)/index" }

    /// - Parameter names: of pictures among the fixtures, which are indexed in this order: their numbers count from 1.
    init(_ names: [String] = Self.names) throws {
        place = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for name in names { try put(name, Fixture.bytes("imaging/\(name)")) }
    }

    static let names = ["jpeg-baseline-420.jpg", "gif-animated.gif", "png-rgb.png"]

    func put(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    /// Brings the index up to date with files, one after the other.
    func update(_ names: [String] = Self.names, by engine: EmbeddingEngine) async throws {
        let file = try IndexFile.open(index, for: try await IndexedModel(of: engine))
        for name in names {
            _ = try await IndexUpdate(file, by: engine).run(files: ["\(path)/\(name)"]) { _ in }
        }
    }

    /// The search of what is there.
    func search(
        by engine: EmbeddingEngine,
        updating names: [String] = Self.names
    ) async throws -> PictureSearch {
        try await update(names, by: engine)
        return try PictureSearch(FollowedIndex(index, threads: 1), by: engine, threads: 1)
    }
}
