import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("Routes of a model with one tower")
struct OneTowerTests {
    /// A server with an image tower, the default model, and a text tower.
    private func withServer(_ body: @Sendable (LiveServer) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-server-halves-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for half in TinyModel.Half.allCases {
            try SmallModel.model.write(half, to: folder.appendingPathComponent(half.rawValue).path)
        }
        let models = TinyModel.Half.allCases.map {
            ModelSource(name: $0.rawValue, directory: folder.appendingPathComponent($0.rawValue).path)
        }
        try await LiveServer.with(engine: { $0.models = models }, body)
    }

    private static let noTexts =
        "The model is an image tower alone, which embeds no texts; ask for one that has a text tower, as GET /model/registry tells of each."
    private static let noImages =
        "The model is a text tower alone, which embeds no images; ask for one that has an image tower, as GET /model/registry tells of each."

    private func expect(
        _ message: String?,
        of server: LiveServer,
        _ path: String,
        _ body: String,
        model: String
    ) async throws {
        let answer = try await server.post("/clip/\(path)", "{\(body), \"clip_version_id\": \"\(model)\"}")
        #expect(answer.status == (message == nil ? 200 : 400), "\(path) \(model): \(answer.text)")
        #expect(answer.message == message)
        #expect(answer.fields["x-model-id"] == "clip/\(model)")
    }

    @Test("Each route answers 400 where it needs the tower that is not there, and 200 where it does not")
    func routes() async throws {
        let image = #"{"type": "base64", "value": "\#(try SmallModel.image())"}"#
        let nothing = #"{"type": "base64", "value": "AAAA"}"#
        try await withServer { server in
            for value in [image, nothing, "[\(image), \(image)]"] {
                try await expect(
                    Self.noImages,
                    of: server,
                    "embed_image",
                    "\"image\": \(value)",
                    model: "text"
                )
            }
            try await expect(nil, of: server, "embed_image", "\"image\": \(image)", model: "vision")
            for value in [#""a cat""#, #"["a cat", "a dog"]"#, "\"\(String(repeating: "cat ", count: 99))\""]
            {
                try await expect(
                    Self.noTexts,
                    of: server,
                    "embed_text",
                    "\"text\": \(value)",
                    model: "vision"
                )
            }
            try await expect(nil, of: server, "embed_text", #""text": ["a cat", "고양이"]"#, model: "text")

            let kinds = [("image", image), ("text", #""a cat""#)]
            for (subjectType, subject) in kinds {
                for (promptType, prompt) in kinds {
                    let body = """
                        "subject": \(subject), "subject_type": "\(subjectType)",
                        "prompt": [\(prompt), \(prompt)], "prompt_type": "\(promptType)"
                        """
                    let types = [subjectType, promptType]
                    try await expect(
                        types.contains("text") ? Self.noTexts : nil,
                        of: server,
                        "compare",
                        body,
                        model: "vision"
                    )
                    try await expect(
                        types.contains("image") ? Self.noImages : nil,
                        of: server,
                        "compare",
                        body,
                        model: "text"
                    )
                }
            }
            // By its default model, and as ready as before.
            let unnamed = try await server.post("/clip/embed_text", #"{"text": "a"}"#)
            #expect(unnamed.status == 400 && unnamed.message == Self.noTexts)
            #expect(try await server.request("GET", "/readiness").status == 200)
        }
    }

    @Test("/info and the registry tell which towers there are, and leave out figures of the others")
    func lists() async throws {
        try await withServer { server in
            let models = try await server.request("GET", "/info").json["models"] as? [[String: Any]]
            let (vision, text) = (try #require(models?.first), try #require(models?.last))
            #expect(vision["towers"] as? [String] == ["image"] && text["towers"] as? [String] == ["text"])
            #expect(vision["image_size"] as? Int == 32 && vision["context_length"] is NSNull)
            #expect(text["image_size"] is NSNull && text["context_length"] as? Int == 77)
            #expect(vision["embedding_width"] as? Int == 8 && text["embedding_width"] as? Int == 8)
            #expect(vision["text_cache"] == nil && vision["image_cache"] != nil)
            #expect(text["text_cache"] != nil && text["image_cache"] == nil)

            let registry =
                try await server.request("GET", "/model/registry").json["models"] as? [[String: Any]]
            #expect(registry?.map { $0["towers"] as? [String] } == [["image"], ["text"]])
            #expect(
                registry?.map { $0["request_paths"] as? [String] } == [
                    ["/clip/embed_image", "/clip/compare"], ["/clip/embed_text", "/clip/compare"],
                ]
            )
            #expect(try await server.request("GET", "/clear_cache").status == 200)
        }
    }

    @Test("The log says of a refusal what is wrong, and no more is computed")
    func log() async throws {
        let error = APIError.embedding(.noTower(.text, model: "vision"), place: nil)
        #expect(error.cause.contains("'vision' is an image tower alone") && error.retryAfter == nil)
        #expect(!error.closesConnection)
    }
}
