import Foundation
import Testing

@Suite("What clip doctor says of models that have to be fetched", .timeLimit(.minutes(2)))
struct DoctorPullTests {
    private func output(_ model: String, _ more: String...) async throws -> String {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-pull-\(UUID().uuidString)"
        )
        defer { try? FileManager.default.removeItem(at: home) }
        let outcome = try await Command.start(
            ["doctor", "--model", model] + more,
            environment: ["HOME": home.path, "CLIP_PORT": "0", "CLIP_THREADS": "1"]
        ).outcome()
        return outcome.output
    }

    @Test(
        "It names what clip pull takes, and the size of that alone",
        arguments: [
            ("foo/bar", "foo/bar", nil),
            ("mine=google/siglip2-base-patch16-224", "google/siglip2-base-patch16-224", 1540),
            ("ViT-B-32=foo/bar", "foo/bar", nil),
            ("mine=ViT-B-32", "ViT-B-32", 610),
            ("vit-b-32", "ViT-B-32", 610),
            ("ViT-B-32@refs/pr/1", "timm/vit_base_patch32_clip_224.openai@refs/pr/1", nil),
        ] as [(String, String, Int?)]
    )
    func pull(model: String, pull: String, megabytes: Int?) async throws {
        let online = try await output(model)
        #expect(online.contains("; clip pull \(pull) does it now."), "\(online)")
        #expect(online.contains("not on this machine\(megabytes.map { ", \($0) MB" } ?? "")\n"), "\(online)")
        let offline = try await output(model, "--offline")
        #expect(offline.contains("fetch it before: clip pull \(pull)\n"), "\(offline)")
    }
}
