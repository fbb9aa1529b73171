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
}
