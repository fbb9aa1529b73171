import CLIPEngine
import CLIPTestSupport
import Foundation

/// The Perception Encoder of these tests, and a server that has it beside a CLIP.
enum SmallPerceptionEncoder {
    private static let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("swift-clip-pe-tests-\(ProcessInfo.processInfo.processIdentifier)").path

    /// Where it lies: written once for all tests, removed when they end.
    static let directory = Result {
        try TinyPerceptionEncoder.write(to: path)
        atexit { try? FileManager.default.removeItem(atPath: SmallPerceptionEncoder.path) }
        return path
    }

    /// Runs a test against a server of the CLIP `tiny` and the Perception Encoder `pe`.
    static func serve<Value: Sendable>(
        named name: String = "pe",
        _ body: (LiveServer) async throws -> Value
    ) async throws -> Value {
        let directory = try directory.get()
        return try await LiveServer.with(
            engine: { $0.models[1] = ModelSource(name: name, directory: directory) },
            body
        )
    }
}
