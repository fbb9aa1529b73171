import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("OpenAI's embeddings, and what Infinity and Jina add to them", .timeLimit(.minutes(2)))
struct OpenAITests {
    private static let path = "/v1/embeddings"

    /// The embeddings of an answer, by index, each as the bits of its numbers.
    private func vectors(_ answer: HTTPAnswer) throws -> [[UInt32]] {
        #expect(answer.status == 200, "\(answer.text)")
        let data = try #require(answer.json["data"] as? [[String: Any]])
        #expect(data.map { $0["index"] as? Int } == Array(data.indices))
        #expect(data.allSatisfy { $0["object"] as? String == "embedding" })
        return try data.map { item in
            if let numbers = item["embedding"] as? [Double] { return numbers.map { Float($0).bitPattern } }
            let text = try #require(item["embedding"] as? String)
            let bytes = try #require(Data(base64Encoded: text))
            return stride(from: 0, to: bytes.count, by: 4).map { start in
                (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) }
            }
        }
    }

    /// What Roboflow's routes answer, brought to length one by this test.
    private func unit(_ answer: HTTPAnswer, cutTo width: Int? = nil) throws -> [[UInt32]] {
        try #require(answer.json["embeddings"] as? [[Double]]).map { numbers in
            let cut = numbers.prefix(width ?? .max).map { Double(Float($0)) }
            let length = cut.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return cut.map { Float($0 / length).bitPattern }
        }
    }

    @Test("Texts come back at length one, as numbers and in base64 with the same bits as embed_text's")
    func sameBits() async throws {
        try await LiveServer.with { server in
            let texts = #"["a cat","의자 하나","","a photograph of a dog on a beach"]"#
            let floats = try await server.post(Self.path, #"{"model":"tiny","input":\#(texts)}"#)
            let packed = try await server.post(
                Self.path,
                #"{"model":"tiny","input":\#(texts),"encoding_format":"base64","user":"u","junk":{}}"#
            )
            let expected = try unit(await server.post("/clip/embed_text", #"{"text":\#(texts)}"#))
            #expect(try vectors(floats) == expected)
            #expect(try vectors(packed) == expected)
            #expect(floats.json["object"] as? String == "list")
            #expect(floats.json["model"] as? String == "tiny")
            #expect(floats.fields["x-model-id"] == "tiny")
            let normalized = try await server.post(
                "/clip/embed_text",
                #"{"text":\#(texts),"normalize":true}"#
            )
            let rows = try #require(normalized.json["embeddings"] as? [[Double]])
            #expect(rows.map { $0.map { Float($0).bitPattern } } == expected)
        }
    }

    @Test("Usage counts the texts' tokens, the special ones included, and pictures have none")
    func usage() async throws {
        try await LiveServer.with { server in
            func usage(_ input: String) async throws -> [String: Int]? {
                try await server.post(Self.path, #"{"input":\#(input)}"#).json["usage"] as? [String: Int]
            }
            #expect(try await usage(#""a cat""#) == ["prompt_tokens": 4, "total_tokens": 4])
            #expect(try await usage(#"["a cat","a"]"#) == ["prompt_tokens": 7, "total_tokens": 7])
            let image = try SmallModel.image()
            #expect(
                try await usage(#"[{"image":"\#(image)"},"a"]"#) == ["prompt_tokens": 3, "total_tokens": 3]
            )
        }
    }

    @Test("A picture is told by its data: URL, by modality, and by the name of its member")
    func pictures() async throws {
        try await LiveServer.with { server in
            let image = try SmallModel.image()
            let url = "data:image/jpeg;base64,\(image)"
            let expected = try unit(
                await server.post(
                    "/clip/embed_image",
                    #"{"image":{"type":"base64","value":"\#(image)"}}"#
                )
            )
            for body in [
                #"{"input":"\#(url)"}"#, #"{"input":["\#(url)"]}"#,
                #"{"input":"\#(image)","modality":"image"}"#, #"{"input":["\#(url)"],"modality":"image"}"#,
                #"{"input":{"image":"\#(image)"}}"#,
                #"{"input":[{"image":"\#(url)","text":null}]}"#, #"{"input":[{"bytes":"\#(image)"}]}"#,
                #"{"input":[{"type":"image_url","image_url":{"url":"\#(url)"}}]}"#,
                #"{"input":[{"image_url":"\#(url)"}]}"#,
                #"{"input":"DATA:image/jpeg;base64,\#(image)"}"#,
                #"{"input":["Data:IMAGE/JPEG;BASE64,\#(image)"]}"#,
                #"{"input":"data:application/octet-stream;base64,\#(image)"}"#,
                #"{"input":["data:None;base64,\#(image)"]}"#, #"{"input":"DATA:;Base64,\#(image)"}"#,
                #"{"input":"data:text/plain;charset=x;base64,\#(image)"}"#,
                #"{"input":{"image":"DATA:,\#(image)"}}"#,
            ] {
                #expect(try vectors(await server.post(Self.path, body)) == expected, "\(body.prefix(60))")
            }
        }
    }

    @Test("A caption that begins with data: is one, unless base64 follows its first comma")
    func captionsOfData() async throws {
        try await LiveServer.with { server in
            let captions = [
                "data: a chart, with bars", "data:;base64", "data:text/plain,hello", "data:a,b;base64,AAAA",
                "database64,AAAA", "data:" + String(repeating: "a", count: 300) + ";base64,AAAA",
            ]
            for caption in captions {
                let body = #"{"input":"\#(caption)","truncate":true}"#
                let answer = try await server.post(Self.path, body)
                #expect(answer.status == 200, "\(caption): \(answer.text)")
                let usage = answer.json["usage"] as? [String: Int]
                #expect((usage?["total_tokens"] ?? 0) > 2, "\(caption)")
            }
            let text = try await server.post(Self.path, #"{"input":"data:text/plain;base64,aGVsbG8="}"#)
            #expect(text.status == 400 && text.text.contains("look like text"), "\(text.text)")
        }
    }

    @Test("Bytes that are no text, and a model that is none, are told in sentences of this API's own")
    func ownSentences() async throws {
        try await LiveServer.with { server in
            let noText = try await server.request("POST", Self.path, body: [0x7B, 0xFF, 0x7D])
            let error = try #require(noText.json["error"] as? [String: Any])
            #expect(noText.status == 400 && error["message"] as? String == "The body is not UTF-8.")
            for answer in [
                try await server.post(Self.path, #"{"input":"a","model":"none"}"#),
                try await server.request("GET", "/v1/models/none"),
            ] {
                let error = try #require(answer.json["error"] as? [String: Any])
                #expect(
                    error["message"] as? String
                        == "There is no such model here. GET /v1/models lists the models of this server."
                )
            }
        }
    }

    @Test("Texts and pictures in one request come back in its order")
    func mixed() async throws {
        try await LiveServer.with { server in
            let image = try SmallModel.image()
            func alone(_ input: String) async throws -> [UInt32] {
                try vectors(await server.post(Self.path, #"{"input":\#(input)}"#))[0]
            }
            let (cat, picture, dog) = (
                #""a cat""#, #"{"image":"\#(image)"}"#, #"{"type":"text","text":"dog"}"#
            )
            let mixed = try vectors(
                await server.post(Self.path, #"{"input":[\#(cat),\#(picture),{"text":"a dog"},\#(picture)]}"#)
            )
            #expect(mixed.count == 4)
            #expect(mixed[1] == mixed[3])
            #expect(try await mixed[1] == alone(picture))
            #expect(try await mixed[0] == alone(cat))
            #expect(try await alone(#"{"text":"dog"}"#) == alone("[\(dog)]"))
        }
    }

    @Test("Dimensions cut, and bring what is left to length one again; zero stands for all")
    func dimensions() async throws {
        try await LiveServer.with { server in
            let whole = try await server.post("/clip/embed_text", #"{"text":"a cat"}"#)
            for (dimensions, width) in [(1, 1), (3, 3), (8, 8), (0, 8)] {
                let answer = try await server.post(
                    Self.path,
                    #"{"input":"a cat","dimensions":\#(dimensions)}"#
                )
                #expect(try vectors(answer) == unit(whole, cutTo: width))
            }
        }
    }

    @Test("A mistake is told in OpenAI's form, with the field that has it")
    func mistakes() async throws {
        try await LiveServer.with { server in
            let cases: [(body: String, param: String?, code: String?, words: String)] = [
                ("{", nil, nil, "no JSON"), ("[]", nil, nil, "JSON object"), ("", nil, nil, "no JSON"),
                ("{}", "input", nil, "missing"), (#"{"input":null}"#, "input", nil, "missing"),
                (#"{"input":[]}"#, "input", nil, "empty"),
                (#"{"input":[1,2,3]}"#, "input", nil, "check_embedding_ctx_length=False"),
                (#"{"input":[[1,2],[3]]}"#, "input", nil, "check_embedding_ctx_length=False"),
                (#"{"input":["a",7]}"#, "input", nil, "'input[1]' holds token ids"),
                (#"{"input":7}"#, "input", nil, "has to be a text"),
                (#"{"input":[["a"]]}"#, "input", nil, "'input[0]' has to be a text"),
                (#"{"input":[[]]}"#, "input", nil, "has to be a text"),
                (#"{"input":[1.5]}"#, "input", nil, "has to be a text"),
                (#"{"input":["a",true]}"#, "input", nil, "'input[1]'"),
                (#"{"input":[{}]}"#, "input", nil, "'text' and 'image'"),
                (#"{"input":[{"text":"a","image":"b"}]}"#, "input", nil, "'text' and 'image'"),
                (#"{"input":[{"text":1}]}"#, "input", nil, "no string"),
                (#"{"input":"a","encoding_format":"ubinary"}"#, "encoding_format", nil, "'base64'"),
                (#"{"input":"a","embedding_type":"binary"}"#, "embedding_type", nil, "'base64'"),
                (#"{"input":"a","encoding_format":1}"#, "encoding_format", nil, "string"),
                (#"{"input":"a","modality":"audio"}"#, "modality", nil, "'image'"),
                (#"{"input":"a","dimensions":-1}"#, "dimensions", nil, "above zero"),
                (#"{"input":"a","dimensions":9}"#, "dimensions", nil, "above the 8"),
                (#"{"input":"a","dimensions":1.5}"#, "dimensions", nil, "whole"),
                (#"{"input":"a","truncate":"yes"}"#, "truncate", nil, "true or false"),
                (#"{"input":"a","model":[]}"#, "model", nil, "string"),
                (#"{"input":["a","data:image/png;base64,AAAA"]}"#, "input", nil, "(input[1])"),
            ]
            for (body, param, code, words) in cases {
                let answer = try await server.post(Self.path, body)
                let error = try #require(answer.json["error"] as? [String: Any], "\(body)")
                #expect(answer.status == 400, "\(body)")
                #expect(error["type"] as? String == "invalid_request_error", "\(body)")
                #expect(error["param"] as? String == param, "\(body)")
                #expect(error["code"] as? String == code, "\(body)")
                #expect((error["message"] as? String)?.contains(words) == true, "\(answer.text)")
                #expect(answer.json.count == 1 && error.count == 4)
            }
        }
    }

    @Test("What goes wrong before a route, and beyond it, is told in the same form")
    func otherErrors() async throws {
        try await LiveServer.with {
            $0.apiKeys = ["a-key-for-tests"]
        } _: { server in
            let key = ("Authorization", "Bearer a-key-for-tests")
            let long = #"{"input":"\#(String(repeating: "cat ", count: 100))"}"#
            let answers = [
                (try await server.post(Self.path, #"{"input":"a"}"#), 401, "invalid_api_key"),
                (try await server.request("GET", "/v1/models"), 401, "invalid_api_key"),
                (
                    try await server.post(Self.path, #"{"input":"a","model":"gpt"}"#, fields: [key]), 404,
                    "model_not_found"
                ),
                (
                    try await server.post(Self.path, #"{"input":"a","model":"a b:c"}"#, fields: [key]), 404,
                    "model_not_found"
                ),
                (try await server.request("GET", "/v1/models/a/b", fields: [key]), 404, "model_not_found"),
                (try await server.post(Self.path, long, fields: [key]), 400, "context_length_exceeded"),
                (try await server.request("DELETE", Self.path, fields: [key]), 405, nil),
            ]
            for (answer, status, code) in answers {
                let error = try #require(answer.json["error"] as? [String: Any])
                #expect(answer.status == status)
                #expect(error["code"] as? String == code)
                #expect((error["message"] as? String)?.contains("Roboflow") == false, "\(answer.text)")
            }
            #expect(
                try await server.post(
                    Self.path,
                    #"{"input":"a","model":"","api_key":"a-key-for-tests"}"#
                ).status == 200
            )
            let cut = long.dropLast() + #","truncate":true}"#
            #expect(try await server.post(Self.path, String(cut), fields: [key]).status == 200)
        }
    }

    @Test("Paths below /v1/ that are none are not found, in the same form, whatever the method")
    func unknownPaths() async throws {
        try await LiveServer.with { server in
            for (method, path) in [
                ("GET", "/v1/files"), ("POST", "/v1/chat/completions"), ("DELETE", "/v1/x"), ("GET", "/v1/"),
            ] {
                let answer = try await server.request(method, path)
                let error = try #require(answer.json["error"] as? [String: Any], "\(path): \(answer.text)")
                #expect(answer.status == 404 && error["code"] as? String == "not_found", "\(path)")
            }
            for (method, path) in [
                ("GET", "/v1/embeddings"), ("POST", "/v1/models"), ("POST", "/v1/models/a"),
            ] {
                let answer = try await server.request(method, path)
                #expect(answer.status == 405 && answer.fields["allow"] != nil, "\(path)")
                #expect(answer.json["error"] is [String: Any], "\(path): \(answer.text)")
            }
            // What is of no shape is told as before.
            #expect(try await server.request("GET", "/v1").text == #"{"detail":"Not Found"}"#)
            #expect(try await server.request("POST", "/v2/x").text == #"{"detail":"Method Not Allowed"}"#)
        }
    }

    @Test("Only where there is no such model does the code say so, also while it is not tried again")
    func missingModels() throws {
        func told(_ error: EmbeddingError) throws -> (code: String?, param: String?, status: Int) {
            let error = APIError.embedding(error, place: nil)
            let body = Data(OpenAIRoutes.form.body(error))
            let json = try #require(JSONSerialization.jsonObject(with: body) as? [String: [String: Any]])
            let inner = try #require(json["error"])
            return (inner["code"] as? String, inner["param"] as? String, OpenAIRoutes.form.status(error))
        }
        let faults: [(FetchFault, Bool)] = [
            (.passing(retryAfterSeconds: nil), false), (.notFound, true), (.closed, false),
            (.notAllowed, true),
            (.corrupt, false), (.unusable, false), (.offline, true), (.notKept, false),
            (.misconfigured, false),
        ]
        for (fault, isMissing) in faults {
            let error = EmbeddingError.modelNotFetched(name: "m", cause: "", fault)
            for error in [error, .heldOff(error, retryAfterSeconds: 3)] {
                let (code, param, status) = try told(error)
                #expect(code == (isMissing ? "model_not_found" : nil), "\(error)")
                #expect(param == (isMissing ? "model" : nil) && (status == 404) == isMissing, "\(error)")
            }
        }
        #expect(try told(.unknownModel("m")) == ("model_not_found", "model", 404))
        #expect(try told(.invalidModelName("m")) == (nil, "model", 400))
    }

    @Test("A model is known by the names that Roboflow's clients give it, where these can mean nothing else")
    func otherNames() async throws {
        try await LiveServer.with(engine: { configuration in
            guard let directory = try? SmallModel.directory.get() else { return }
            configuration.models = ["ViT-B-32", "tiny"].map { ModelSource(name: $0, directory: directory) }
            configuration.provider = ModelProvider(
                names: ["ViT-B-32"],
                knownName: { ["ViT-B-32", "ViT-B/32"].contains($0) ? "ViT-B-32" : nil },
                isRepository: { $0.contains("/") },
                offers: { [] }
            ) { name, _ async throws(EmbeddingError) in throw .unknownModel(name) }
        }) { server in
            for (asked, name) in [
                ("ViT-B/32", "ViT-B-32"), ("clip/ViT-B-32", "ViT-B-32"), ("clip/ViT-B/32", "ViT-B-32"),
                ("clip/tiny", "tiny"), ("perception_encoder/tiny", "tiny"), ("tiny", "tiny"),
            ] {
                let model = try await server.request("GET", "/v1/models/\(asked)")
                #expect(model.status == 200 && model.json["id"] as? String == name, "\(asked)")
                let answer = try await server.post(Self.path, #"{"model":"\#(asked)","input":"a"}"#)
                #expect(answer.status == 200 && answer.json["model"] as? String == name, "\(asked)")
            }
            for asked in ["clip/other", "clip/", "clip", "clip/clip/tiny", "CLIP/tiny", "other/tiny"] {
                #expect(try await server.request("GET", "/v1/models/\(asked)").status == 404, "\(asked)")
                let answer = try await server.post(Self.path, #"{"model":"\#(asked)","input":"a"}"#)
                #expect([400, 404].contains(answer.status), "\(asked): \(answer.text)")
            }
        }
    }

    @Test("Models are listed as OpenAI lists them, and told of one by one")
    func models() async throws {
        try await LiveServer.with { server in
            let list = try await server.request("GET", "/v1/models")
            let models = try #require(list.json["data"] as? [[String: Any]])
            #expect(list.json["object"] as? String == "list")
            #expect(models.map { $0["id"] as? String } == ["tiny", "second"])
            let one = try await server.request("GET", "/v1/models/second")
            #expect(one.text == #"{"id":"second","object":"model","created":0,"owned_by":"local"}"#)
            let infinity = try await server.request("GET", "/models/").json["data"] as? [[String: Any]]
            #expect(infinity?.map { $0["id"] as? String } == ["tiny", "second"])
            #expect(infinity?.allSatisfy { $0["owned_by"] as? String == "infinity" } == true)
            #expect(infinity?.allSatisfy { $0["stats"] is [String: Any] } == true)
            #expect(try await server.post("/embeddings", #"{"input":"a","model":"second"}"#).status == 200)
        }
    }

    @Test("Limits are those of the other routes")
    func limits() async throws {
        try await LiveServer.with(engine: {
            $0.maxBatch = 2
            $0.maxTexts = 3
        }) { server in
            let image = #"{"image":"\#(try SmallModel.image())"}"#
            for (input, status) in [
                ("[\(image),\(image)]", 200), (#"["a","b","c",\#(image),\#(image)]"#, 200),
                ("[\(image),\(image),\(image)]", 400), (#"["a","b","c","d"]"#, 400),
                (#"["a",\#(image),\#(image),\#(image)]"#, 400),
            ] {
                #expect(try await server.post(Self.path, #"{"input":\#(input)}"#).status == status)
            }
        }
    }
}
