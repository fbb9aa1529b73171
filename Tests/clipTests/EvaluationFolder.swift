import CLIPEngine
import CLIPTestSupport
import Foundation

/// A model, a directory to evaluate it on, and what `clip embed` says of both; gone afterwards.
final class EvaluationFolder {
    let root: URL
    /// The directory to evaluate.
    let pictures: URL

    /// Fixtures that differ from each other, by name.
    static let images = [
        "png-rgb.png", "png-palette.png", "png-grey.png", "jpeg-tall.jpg", "jpeg-wide.jpg", "jpeg-cmyk.jpg",
        "jpeg-one-pixel.jpg", "gif-palette.gif", "gif-animated.gif", "webp-lossless.webp", "bmp-24-bit.bmp",
        "bmp-8-bit.bmp", "tiff-rgb-16-bit.tif", "tiff-cmyk.tif", "png-rgb-upsized.png",
        "png-rgba-16-bit.png",
    ]

    init() throws {
        root = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-evaluate-\(UUID().uuidString)"
        )
        pictures = root.appendingPathComponent("pictures")
        try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
        try TinyModel.quick.write(to: model)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    var model: String { root.appendingPathComponent("tiny").path }

    /// Puts a fixture into the directory.
    func add(_ image: String, at path: String) throws {
        try add(Fixture.bytes("imaging/\(image)"), at: path)
    }

    /// Puts a file into the directory.
    func add(_ bytes: [UInt8], at path: String) throws {
        let url = pictures.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: url)
    }

    /// Writes a file beside the directory and returns its path.
    func write(_ text: String, to name: String) throws -> String {
        let url = root.appendingPathComponent(name)
        try Data(text.utf8).write(to: url)
        return url.path
    }

    /// Runs `clip evaluate` on the directory.
    func evaluate(_ arguments: String..., input: String = "") async throws -> Command.Outcome {
        let command = ["evaluate", pictures.path, "--model", model] + arguments
        return await (try Command.start(command, input: Array(input.utf8))).outcome()
    }

    /// Directions of fixtures and texts, by `clip embed`.
    func directions(ofImages images: [String] = [], texts: [String] = []) async throws -> [[Double]] {
        struct Line: Decodable { let embedding: [Double] }
        let files = images.map { Fixture.url("imaging/\($0)").path }
        let command = ["embed", "--model", model] + files + texts.flatMap { ["--text", $0] }
        let outcome = await (try Command.start(command)).outcome()
        return try outcome.lines.map {
            Self.direction(of: try JSONDecoder().decode(Line.self, from: Data($0.utf8)).embedding)
        }
    }

    static func direction(of values: [Double]) -> [Double] {
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return values.map { $0 / length }
    }

    static func cosine(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
