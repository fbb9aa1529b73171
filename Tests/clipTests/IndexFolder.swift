import CLIPTestSupport
import Foundation

/// Pictures for the command's tests of an index, and the index.
final class IndexFolder {
    let folder: TemporaryDirectory
    var pictures: String { "\(folder.path)/pictures" }
    var index: String { "\(folder.path)/index" }

    init() throws {
        folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
    }

    /// Writes a bitmap of one colour that fades, which differs from number to number and hardly from size to size.
    @discardableResult
    func put(_ name: String, _ number: Int, side: Int = 8) throws -> String {
        func word(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(value >> (8 * $0) & 255) }
        }
        var bytes = Array("BM".utf8) + word(54 + 3 * side * side, 4) + word(0, 4) + word(54, 4)
        bytes += word(40, 4) + word(side, 4) + word(side, 4) + word(1, 2) + word(24, 2) + word(0, 24)
        for place in 0..<side * side {
            bytes += [UInt8(number * 37 % 256), UInt8(number * 11 % 256), UInt8(place % side * 255 / side)]
        }
        let url = URL(fileURLWithPath: "\(pictures)/\(name)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: url)
        return url.path
    }

    /// Runs `clip` with the index.
    func clip(_ command: String, _ arguments: String...) async throws -> Command.Outcome {
        try await Command.start([command, "--index", index] + arguments).outcome()
    }
}
