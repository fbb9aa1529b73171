import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("The routes that run a model")
struct ClipRoutesTests {
    private func embeddings(_ answer: HTTPAnswer) throws -> [[Double]] {
        try #require(answer.json["embeddings"] as? [[Double]])
    }

    @Test("Images, one or many, come back as one embedding each, in the real server's form")
    func images() async throws {
        try await LiveServer.with { server in
            let (first, second) = (try SmallModel.image(), try SmallModel.image("gif-animated.gif"))
            let one = try await server.post(
                "/clip/embed_image",
                #"{"image":{"type":"base64","value":"\#(first)"},"api_key":"k","junk":[1]}"#
            )
            #expect(one.status == 200)
            #expect(one.fields["content-type"] == "application/json")
            #expect(one.text.hasPrefix(#"{"inference_id":null,"frame_id":null,"time":"#))
            let resolved =
                #"{"model_id":"clip/tiny","model_package_id":null,"backend":null,"quantization":null}"#
            #expect(one.text.contains(#","resolved_model":\#(resolved),"embeddings":[["#))
            #expect(one.text.hasSuffix("]]}"))
            let alone = try embeddings(one)
            #expect(alone.count == 1 && alone[0].count == SmallModel.embeddingWidth)

            let many = try await server.post(
                "/clip/embed_image?api_key=k&countinference=False",
                #"{"image":[{"type":"base64","value":"data:image/jpeg;base64,\#(first)"},{"type":"BASE64","value":"\#(second)"}]}"#
            )
            let both = try embeddings(many)
            #expect(both.count == 2)
            // Rows of a batch equal the item alone as far as the kernels' order of sums allows.
            for (a, b) in zip(both[0], alone[0]) { #expect(abs(a - b) < 1e-4) }
            #expect(both[0] != both[1])
        }
    }

    @Test("Texts, one or many, come back as one embedding each")
    func texts() async throws {
        try await LiveServer.with { server in
            let one = try await server.post("/clip/embed_text", #"{"text":"a cat"}"#)
            #expect(one.status == 200)
            let alone = try embeddings(one)
            #expect(alone.count == 1 && alone[0].count == SmallModel.embeddingWidth)
            let texts = (0..<40).map { "\"text \($0)\"" }.joined(separator: ",")
            let many = try await server.post("/clip/embed_text", #"{"text":["a cat",\#(texts)]}"#)
            let all = try embeddings(many)
            #expect(all.count == 41)
            for (a, b) in zip(all[0], alone[0]) { #expect(abs(a - b) < 1e-4) }
            let empty = try await server.post("/clip/embed_text", #"{"text":""}"#)
            #expect(empty.status == 200)
        }
    }

    @Test("A text that is too long is refused with both figures, and cut if that is asked for")
    func tooLong() async throws {
        try await LiveServer.with { server in
            let long = "\"" + String(repeating: "cat ", count: 100) + "\""
            let refused = try await server.post("/clip/embed_text", #"{"text":["a",\#(long)]}"#)
            #expect(refused.status == 400)
            #expect(
                refused.message?.contains("It has 102 tokens, and the model takes 77. (text 2 of 2)") == true
            )
            #expect(refused.json["help_url"] is NSNull)
            #expect(refused.fields["x-model-id"] == "clip/tiny")
            let cut = try await server.post("/clip/embed_text", #"{"text":[\#(long)],"truncate":true}"#)
            #expect(cut.status == 200)
            let prompt = try await server.post(
                "/clip/compare",
                #"{"subject":"a","subject_type":"text","prompt":["b",\#(long)]}"#
            )
            #expect(prompt.message?.hasSuffix("(prompt 2 of 2)") == true)
            let subject = try await server.post(
                "/clip/compare",
                #"{"subject":\#(long),"subject_type":"text","prompt":["b","c"]}"#
            )
            #expect(subject.message?.hasSuffix("(subject)") == true)
        }
    }

    @Test(
        "A text with a token that the network has no row for is its sender's 400, with place and token"
    )
    func beyondVocabulary() async throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-server-typed-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try PieceModel().write(to: directory)
        let models = [ModelSource(name: "tiny", directory: directory)]
        try await LiveServer.with(engine: { $0.models = models }) { server in
            func message(_ path: String, _ body: String) async throws -> String {
                let answer = try await server.post(path, body)
                #expect(answer.status == 400, "\(answer.text)")
                return answer.message ?? answer.text
            }
            let bad = #""a <extra_id_5>""#
            let token = "The text has the token '<extra_id_5>', which the model was not made with."
            let text = try await message("/clip/embed_text", #"{"text":\#(bad)}"#)
            #expect(text.contains(token) && !text.hasSuffix(")"))
            let texts = try await message("/clip/embed_text", #"{"text":["a cat",\#(bad),"b"]}"#)
            #expect(texts.contains(token) && texts.hasSuffix("(text 2 of 3)"))
            let prompt = try await message(
                "/clip/compare",
                #"{"subject":"a","subject_type":"text","prompt":["b",\#(bad)]}"#
            )
            #expect(prompt.contains(token) && prompt.hasSuffix("(prompt 2 of 2)"))
            let subject = try await message(
                "/clip/compare",
                #"{"subject":\#(bad),"subject_type":"text","prompt":["b"]}"#
            )
            #expect(subject.contains(token) && subject.hasSuffix("(subject)"))
            let fine = try await server.post("/clip/embed_text", #"{"text":"a cat"}"#)
            #expect(fine.status == 200)
        }
    }

    @Test("A comparison answers a list, or an object with the prompts' names in their order")
    func compare() async throws {
        try await LiveServer.with { server in
            let image = #"{"type":"base64","value":"\#(try SmallModel.image())"}"#
            let list = try await server.post("/clip/compare", #"{"subject":\#(image),"prompt":["a","b"]}"#)
            #expect(list.status == 200)
            #expect(list.text.hasSuffix(#"],"parent_id":null}"#))
            let similarities = try #require(list.json["similarity"] as? [Double])
            #expect(similarities.count == 2)
            #expect(similarities.allSatisfy { abs($0) <= 1 })

            let single = try await server.post("/clip/compare", #"{"subject":\#(image),"prompt":"a"}"#)
            #expect((single.json["similarity"] as? [Double])?.count == 1)

            let named = try await server.post(
                "/clip/compare",
                #"{"subject":\#(image),"prompt":{"z\"":"a","a":"b","é":"c","10":"d"}}"#
            )
            let text = named.text
            let places = [#""z\"":"#, #""a":"#, #""é":"#, #""10":"#].map { text.range(of: $0)?.lowerBound }
            #expect(!places.contains(nil))
            #expect(places.compactMap(\.self) == places.compactMap(\.self).sorted())
            #expect((named.json["similarity"] as? [String: Double])?.count == 4)

            let same = try await server.post(
                "/clip/compare",
                #"{"subject":"a dog","subject_type":"text","prompt":["a dog"],"prompt_type":"text"}"#
            )
            #expect(abs(((same.json["similarity"] as? [Double])?.first ?? 0) - 1) < 1e-5)

            let images = try await server.post(
                "/clip/compare",
                #"{"subject":\#(image),"prompt":{"i":\#(image)},"prompt_type":"image"}"#
            )
            #expect(abs(((images.json["similarity"] as? [String: Double])?["i"] ?? 0) - 1) < 1e-4)
        }
    }

    @Test("Mistakes are told in the real server's order: form, model, counts, content")
    func order() async throws {
        try await LiveServer.with { server in
            func told(_ path: String, _ body: String) async throws -> (Int, String?) {
                let answer = try await server.post(path, body)
                return (answer.status, answer.message)
            }
            let notFound = "Requested Roboflow resource not found."
            var answer = try await told("/clip/embed_image", #"{"image":3,"clip_version_id":"none"}"#)
            #expect(answer.0 == 422)
            answer = try await told("/clip/embed_image", #"{"image":[],"clip_version_id":"none"}"#)
            #expect(answer.0 == 404 && answer.1?.hasPrefix(notFound) == true)
            answer = try await told("/clip/embed_image", #"{"image":{"type":"x"},"clip_version_id":"none"}"#)
            #expect(answer.0 == 404)
            answer = try await told("/clip/embed_image", #"{"image":{"type":"x"},"clip_version_id":"a/b"}"#)
            #expect(answer.0 == 400 && answer.1 == "Invalid Model ID sent in request.")
            answer = try await told("/clip/embed_image", #"{"image":[]}"#)
            #expect(answer.0 == 400 && answer.1 == "At least one image is required")
            answer = try await told("/clip/embed_text", #"{"text":[]}"#)
            #expect(answer.0 == 400 && answer.1 == "At least one text is required")
            for prompt in ["[]", "{}"] {
                answer = try await told(
                    "/clip/compare",
                    #"{"subject":"a","subject_type":"text","prompt":\#(prompt)}"#
                )
                #expect(answer.0 == 400 && answer.1 == "At least one prompt is required")
            }
            let nine = Array(repeating: #"{"type":"base64","value":""}"#, count: 9).joined(separator: ",")
            answer = try await told("/clip/embed_image", #"{"image":[\#(nine)]}"#)
            #expect(
                answer.1?.hasPrefix("The maximum number of images that can be embedded at once is 8.") == true
            )
            let prompts = Array(repeating: "\"a\"", count: 9).joined(separator: ",")
            answer = try await told("/clip/compare", #"{"subject":"","prompt":[\#(prompts)]}"#)
            #expect(
                answer.1?.hasPrefix("The maximum number of prompts that can be compared at once is 8.")
                    == true
            )
        }
    }

    @Test("Images that are none are told, with their place among several")
    func badImages() async throws {
        try await LiveServer.with { server in
            let good = #"{"type":"base64","value":"\#(try SmallModel.image())"}"#
            for (value, cause) in [
                ("", "Empty image payload."), ("!!!!", "Empty image payload."),
                ("abc", "Malformed base64 input image."),
                (
                    "aGVsbG8=",
                    "The bytes are no picture of a format that is read here; they look like text. Send JPEG, PNG or WebP."
                ),
            ] {
                let bad = #"{"type":"base64","value":"\#(value)"}"#
                let alone = try await server.post("/clip/embed_image", #"{"image":\#(bad)}"#)
                #expect(alone.status == 400)
                #expect(alone.message == "Could not load input image. Cause: \(cause)")
                let among = try await server.post("/clip/embed_image", #"{"image":[\#(good),\#(bad)]}"#)
                #expect(among.message == "Could not load input image. Cause: \(cause) (image 2 of 2)")
                let prompt = try await server.post(
                    "/clip/compare",
                    #"{"subject":"a","subject_type":"text","prompt":[\#(good),\#(bad)],"prompt_type":"image"}"#
                )
                #expect(prompt.message == "Could not load input image. Cause: \(cause) (prompt 2 of 2)")
                let subject = try await server.post("/clip/compare", #"{"subject":\#(bad),"prompt":"a"}"#)
                #expect(subject.message == "Could not load input image. Cause: \(cause) (subject)")
            }
            let url = try await server.post(
                "/clip/embed_image",
                #"{"image":{"type":"url","value":"http://127.0.0.1:9/a.png"}}"#
            )
            #expect(
                url.message
                    == "Could not load input image. Cause: URL points to a network destination that is not allowed."
            )
        }
    }

    @Test("The model is the one that clip_version_id names; null and absence mean the first")
    func models() async throws {
        try await LiveServer.with { server in
            for (field, name) in [
                ("", "tiny"), (#","clip_version_id":null"#, "tiny"),
                (#","clip_version_id":"second""#, "second"),
                (#","clip_version_id":"second","model_id":"clip/tiny""#, "second"),
                (#","model_id":"clip/second""#, "tiny"),
            ] {
                let answer = try await server.post("/clip/embed_text", #"{"text":"a"\#(field)}"#)
                #expect(answer.status == 200)
                #expect(answer.fields["x-model-id"] == "clip/\(name)")
            }
            let unknown = try await server.post("/clip/embed_text", #"{"text":"a","clip_version_id":"none"}"#)
            #expect(unknown.fields["x-model-id"] == nil)
        }
    }

    @Test("A mistake that is seen before the model runs names the model too")
    func modelOfMistakes() async throws {
        try await LiveServer.with { server in
            for (path, body) in [
                ("/clip/embed_image", #""image":{"type":"x"}"#),
                ("/clip/compare", #""subject":"a","prompt":"b","subject_type":"audio""#),
                ("/clip/compare", #""subject":"a","subject_type":"text","prompt":{"type":"x","value":""}"#),
            ] {
                for (field, name) in [("", "tiny"), (#","clip_version_id":"second""#, "second")] {
                    let answer = try await server.post(path, "{\(body)\(field)}")
                    #expect(answer.status == 400)
                    #expect(answer.fields["x-model-id"] == "clip/\(name)")
                }
                for name in ["none", "a/b"] {
                    let answer = try await server.post(path, "{\(body),\"clip_version_id\":\"\(name)\"}")
                    #expect(answer.fields["x-model-id"] == nil)
                }
            }
        }
    }

    @Test("Fields that are wrong are told in the 422 form")
    func invalid() async throws {
        try await LiveServer.with { server in
            let answer = try await server.post("/clip/embed_text?countinference=maybe", #"{"text":null}"#)
            #expect(answer.status == 422)
            #expect((answer.json["detail"] as? [Any])?.count == 3)
            let untyped = try await server.request(
                "POST",
                "/clip/embed_text",
                body: Array(#"{"text":"a"}"#.utf8)
            )
            #expect(untyped.status == 422)
            let none = try await server.request("POST", "/clip/embed_text")
            #expect(none.status == 422)
            #expect(
                none.text
                    == #"{"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}"#
            )
        }
    }
}
