import CLIPEngine
import CLIPEvaluation
import CLIPTestSupport
import Foundation
import Synchronization

/// A directory to evaluate and an engine over the tiny model; the directory is gone afterwards.
struct EvaluatedFolder {
    let engine: EmbeddingEngine
    /// The directory to evaluate.
    let path: String

    /// Puts a fixture into the directory.
    func add(_ image: String, at path: String) throws {
        try add(Fixture.bytes("imaging/\(image)"), at: path)
    }

    /// Puts a file into the directory.
    func add(_ bytes: [UInt8], at path: String) throws {
        let url = URL(fileURLWithPath: self.path).appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: url)
    }

    /// Lends one.
    ///
    /// - Parameter half: leaves the model one tower.
    static func with(
        _ half: TinyModel.Half? = nil,
        _ body: (EvaluatedFolder) async throws -> Void
    ) async throws {
        let root = FileManager.default.temporaryDirectory
            .appendingPathComponent("clip-evaluation-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        let (model, pictures) = (
            root.appendingPathComponent("model"), root.appendingPathComponent("pictures")
        )
        try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
        if let half {
            try TinyModel.quick.write(half, to: model.path)
        } else {
            try TinyModel.quick.write(to: model.path)
        }
        var configuration = EngineConfiguration(
            models: ["tiny", "other"].map { ModelSource(name: $0, directory: model.path) },
            cores: 2
        )
        configuration.precision = .f32
        let engine = try EmbeddingEngine(configuration: configuration)
        defer { engine.shutdown() }
        try await engine.start()
        try await body(EvaluatedFolder(engine: engine, path: pictures.path))
    }
}

/// What an evaluation told, in its order.
final class ToldEvents: Sendable {
    private let events = Mutex<[EvaluationEvent]>([])

    func append(_ event: EvaluationEvent) { events.withLock { $0.append(event) } }

    var all: [EvaluationEvent] { events.withLock { $0 } }

    var notices: [EvaluationNotice] {
        all.compactMap { if case .notice(let notice) = $0 { notice } else { nil } }
    }
}
