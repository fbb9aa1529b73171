import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("The routes of Perception Encoders")
struct PerceptionEncoderTests {
    private struct Embeddings: Decodable {
        let embeddings: [[Float]]
    }

    private struct Similarity: Decodable {
        let similarity: [Float]
    }

    @Test("Embeddings have length one and the direction of CLIP's routes, and ids say perception_encoder")
    func embeddings() async throws {
        try await LiveServer.with { server in
            let body = #"{"text": ["a cat", "two dogs"], "perception_encoder_version_id": "tiny"}"#
            let answer = try await server.post("/perception_encoder/embed_text", body)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.text.contains(#""resolved_model":{"model_id":"perception_encoder/tiny""#))
            #expect(answer.fields["x-model-id"] == "perception_encoder/tiny")
            let found = try JSONDecoder().decode(Embeddings.self, from: Data(answer.body)).embeddings
            let plain = try await server.post(
                "/clip/embed_text",
                #"{"text": ["a cat", "two dogs"]}"#
            )
            let raw = try JSONDecoder().decode(Embeddings.self, from: Data(plain.body)).embeddings
            #expect(found.count == 2 && raw.count == 2)
            for (one, other) in zip(found, raw) {
                let length = one.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
                #expect(abs(length - 1) < 1e-6)
                #expect(Closeness.leastCosine(one, other, width: other.count) > 0.999999)
            }
        }
    }

    @Test("A comparison is the same on both groups of routes")
    func compare() async throws {
        try await LiveServer.with { server in
            let body = #"{"subject": "a cat", "subject_type": "text", "prompt": ["a cat", "rain"]"#
            let one = try await server.post(
                "/perception_encoder/compare",
                body + #", "perception_encoder_version_id": "tiny"}"#
            )
            let other = try await server.post("/clip/compare", body + "}")
            let found = try JSONDecoder().decode(Similarity.self, from: Data(one.body)).similarity
            let expected = try JSONDecoder().decode(Similarity.self, from: Data(other.body)).similarity
            #expect(found == expected)
            #expect(one.text.contains(#""parent_id":null"#))
        }
    }

    @Test("A request that names no model means PE-Core-L14-336, which is 404 where it is not to be had")
    func unnamed() async throws {
        try await LiveServer.with { server in
            let answer = try await server.post("/perception_encoder/embed_text", #"{"text": "a"}"#)
            #expect(answer.status == 404, "\(answer.text)")
        }
    }

    @Test(
        "A text that is too long is cut, as Perception Encoder's tokenizer does, unless the request says otherwise"
    )
    func long() async throws {
        try await LiveServer.with { server in
            let text = String(repeating: "cat ", count: 200)
            func status(_ more: String) async throws -> Int {
                let body = #"{"text": "\#(text)", "perception_encoder_version_id": "tiny"\#(more)}"#
                return try await server.post("/perception_encoder/embed_text", body).status
            }
            let (cut, whole) = (try await status(""), try await status(#", "truncate": false"#))
            #expect(cut == 200 && whole == 400)
        }
    }

    @Test("A field of the wrong type is told by its name")
    func fields() async throws {
        try await LiveServer.with { server in
            let body = #"{"text": "a", "perception_encoder_version_id": 3}"#
            let answer = try await server.post("/perception_encoder/embed_text", body)
            #expect(answer.status == 422)
            #expect(answer.text.contains("perception_encoder_version_id"))
        }
    }

    @Test("Models called PE-Core are listed under the routes that the real server lists them under")
    func listing() async throws {
        let name = "PE-Core-L14-336"
        let id = "perception_encoder/\(name)"
        let entry = #"{"model_id":"\#(id)","task_type":"embedding""#
        let paths = ["embed_image", "embed_text", "compare"].map { #""/perception_encoder/\#($0)""# }
        func rename(_ configuration: inout EngineConfiguration) {
            configuration.models[1] = ModelSource(name: name, directory: configuration.models[1].directory)
        }
        try await LiveServer.with(engine: rename) { server in
            let body = #"{"model_id":"\#(id)"}"#
            let before = try await server.request("GET", "/model/registry")
            let removed = try await server.post("/model/remove", body)
            let added = try await server.post("/model/add", body)
            for (answer, isThere) in [(before, true), (removed, false), (added, true)] {
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.text.contains(entry) == isThere)
                #expect(answer.text.contains("[\(paths.joined(separator: ","))]") == isThere)
            }
            #expect(added.fields["x-model-id"] == id)
            let unnamed = try await server.post("/perception_encoder/embed_text", #"{"text": "a"}"#)
            #expect(unnamed.status == 200 && unnamed.fields["x-model-id"] == id)
        }
    }

    @Test("A model is added by either group's id, which comes back")
    func ids() async throws {
        try await LiveServer.with { server in
            for id in ["clip/tiny", "perception_encoder/tiny"] {
                let answer = try await server.post("/model/add", #"{"model_id":"\#(id)"}"#)
                #expect(answer.status == 200 && answer.fields["x-model-id"] == id)
            }
        }
    }
}
