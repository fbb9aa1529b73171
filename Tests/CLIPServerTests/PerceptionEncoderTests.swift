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
        try await SmallPerceptionEncoder.serve { server in
            let body = #"{"text": ["a cat", "two dogs"], "perception_encoder_version_id": "pe"}"#
            let answer = try await server.post("/perception_encoder/embed_text", body)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.text.contains(#""resolved_model":{"model_id":"perception_encoder/pe""#))
            #expect(answer.fields["x-model-id"] == "perception_encoder/pe")
            let found = try JSONDecoder().decode(Embeddings.self, from: Data(answer.body)).embeddings
            let plain = try await server.post(
                "/clip/embed_text",
                #"{"text": ["a cat", "two dogs"], "clip_version_id": "pe"}"#
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
        try await SmallPerceptionEncoder.serve { server in
            let body = #"{"subject": "a cat", "subject_type": "text", "prompt": ["a cat", "rain"]"#
            let one = try await server.post(
                "/perception_encoder/compare",
                body + #", "perception_encoder_version_id": "pe"}"#
            )
            let other = try await server.post("/clip/compare", body + #", "clip_version_id": "pe"}"#)
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

    @Test("Where it could be had, the answer says how the operator allows that")
    func notAllowed() async throws {
        try await LiveServer.with(engine: {
            $0.provider = ModelProvider(names: ["PE-Core-L14-336"], offers: { [] }) {
                name,
                _ async throws(EmbeddingError) in
                throw .unknownModel(name)
            }
        }) { server in
            let answer = try await server.post("/perception_encoder/embed_text", #"{"text": "a"}"#)
            #expect(answer.status == 404 && answer.message?.contains("--allow-models") == true)
        }
    }

    @Test("A request that names no model gets the configured one of the kind, whatever that is called")
    func configured() async throws {
        for name in ["pe", "PE-Core-T16-384"] {
            try await SmallPerceptionEncoder.serve(named: name) { server in
                let answer = try await server.post("/perception_encoder/embed_text", #"{"text": "a"}"#)
                #expect(answer.status == 200 && answer.fields["x-model-id"] == "perception_encoder/\(name)")
            }
        }
    }

    @Test(
        "The configured one is known before it was ever loaded, by its files, or by its repository while these are fetched",
        arguments: [true, false]
    )
    func notLoadedYet(isHere: Bool) async throws {
        let directory = try SmallPerceptionEncoder.directory.get()
        let origin = ModelOrigin(repository: "own/encoder")
        try await LiveServer.with(engine: { configuration in
            configuration.models[1] = ModelSource(
                name: "mine",
                directory: isHere ? directory : "",
                origin: isHere ? nil : origin
            )
            configuration.loadsAtStart = false
            configuration.provider = ModelProvider(
                names: ["PE-Core-B16-224"],
                offers: { [ModelProvider.Offer(name: "PE-Core-B16-224", origin: origin)] }
            ) { name, _ async throws(EmbeddingError) in
                ModelSource(name: name, directory: directory)
            }
        }) { server in
            let answer = try await server.post("/perception_encoder/embed_text", #"{"text": "a"}"#)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.fields["x-model-id"] == "perception_encoder/mine")
        }
    }

    @Test("It is listed as such before it was ever loaded")
    func listedBefore() async throws {
        let directory = try SmallPerceptionEncoder.directory.get()
        try await LiveServer.with(engine: { configuration in
            configuration.models[1] = ModelSource(name: "mine", directory: directory)
            configuration.loadsAtStart = false
        }) { server in
            let json = try await server.request("GET", "/model/registry").json
            let available = try #require(json["available"] as? [[String: Any]])
            #expect(
                available.map { $0["model_id"] as? String } == ["clip/tiny", "perception_encoder/mine"]
            )
        }
    }

    @Test("A CLIP's embeddings are not given for a Perception Encoder's")
    func otherKind() async throws {
        let named = #""perception_encoder_version_id": "tiny""#
        let bodies = [
            "embed_text": #"{"text": "a", \#(named)}"#,
            "embed_image": #"{"image": {"type": "base64", "value": "AAAA"}, \#(named)}"#,
            "compare": #"{"subject": "a", "subject_type": "text", "prompt": ["b"], \#(named)}"#,
        ]
        try await SmallPerceptionEncoder.serve { server in
            for (path, body) in bodies {
                let answer = try await server.post("/perception_encoder/" + path, body)
                #expect(answer.status == 404 && answer.fields["x-model-id"] == nil, "\(path): \(answer.text)")
                #expect(answer.message?.contains("no Perception Encoder") == true)
            }
            let image = #"{"image": {"type": "x"}, \#(named)}"#
            #expect(try await server.post("/perception_encoder/embed_image", image).status == 404)
            #expect(try await server.post("/clip/embed_text", #"{"text": "a"}"#).status == 200)
        }
    }

    @Test("A Perception Encoder is listed under its own routes, by whichever of its ids it was added")
    func listing() async throws {
        let paths = ["embed_image", "embed_text", "compare"].map { "/perception_encoder/" + $0 }
        try await SmallPerceptionEncoder.serve { server in
            for id in ["perception_encoder/pe", "clip/pe"] {
                #expect(try await server.post("/model/remove", #"{"model_id":"\#(id)"}"#).status == 200)
                #expect(server.engine.models.map(\.name) == ["tiny"])
                let added = try await server.post("/model/add", #"{"model_id":"\#(id)"}"#)
                #expect(added.status == 200 && added.fields["x-model-id"] == id)
                let models = try #require(added.json["models"] as? [[String: Any]])
                #expect(models.map { $0["model_id"] as? String } == ["clip/tiny", "perception_encoder/pe"])
                #expect(models[1]["request_paths"] as? [String] == paths)
            }
        }
    }

    @Test(
        "What is not in memory is listed under its own routes, too",
        arguments: ["PE-Core-T16-384", "mine"]
    )
    func names(name: String) async throws {
        try await SmallPerceptionEncoder.serve(named: name) { server in
            for id in ["clip/\(name)", "clip/tiny"] {
                _ = try await server.post("/model/remove", #"{"model_id":"\#(id)"}"#)
            }
            let json = try await server.request("GET", "/model/registry").json
            let available = try #require(json["available"] as? [[String: Any]])
            #expect(
                available.map { $0["model_id"] as? String } == [
                    "clip/tiny", "perception_encoder/\(name)",
                ]
            )
        }
    }

    @Test(
        "A text that is too long is cut, as Perception Encoder's tokenizer does, unless the request says otherwise"
    )
    func long() async throws {
        try await SmallPerceptionEncoder.serve { server in
            let text = String(repeating: "cat ", count: 200)
            func status(_ more: String) async throws -> Int {
                let body = #"{"text": "\#(text)", "perception_encoder_version_id": "pe"\#(more)}"#
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
