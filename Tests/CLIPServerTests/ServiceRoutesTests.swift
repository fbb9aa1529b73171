import CLIPEngine
import CLIPIndex
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("The routes that tell of the server and change it")
struct ServiceRoutesTests {
    @Test("/info has the three strings that clients want, and tells of the models")
    func info() async throws {
        try await LiveServer.with { server in
            let answer = try await server.request("GET", "/info?api_key=k")
            #expect(answer.status == 200)
            #expect(answer.text.hasPrefix(#"{"name":"swift-clip","version":"1.2.3","uuid":""#))
            #expect(answer.json["decoding"] as? String == "exact")
            #expect(answer.json["default_model"] as? String == "tiny")
            let uuid = try #require(answer.json["uuid"] as? String)
            #expect(uuid.count == 6)
            #expect(try await server.request("GET", "/info").json["uuid"] as? String == uuid)
            let models = try #require(answer.json["models"] as? [[String: Any]])
            #expect(models.map { $0["name"] as? String } == ["tiny", "second"])
            #expect(models[0]["image_size"] as? Int == 32)
            #expect(models[0]["context_length"] as? Int == 77)
            #expect(models[0]["precision"] as? String == "f32")
        }
    }

    @Test("/info tells of the index of pictures, and not where it is")
    func index() async throws {
        try await LiveServer.with { server in
            let answer = try await server.request("GET", "/info")
            #expect(answer.text.hasSuffix(#","index":null}"#), "\(answer.text)")
        }
        let folder = try PictureFolder()
        let new = "jpeg-progressive.jpg"
        try await LiveServer.with(pictures: { try await folder.search(by: $0) }) { server in
            func count() async throws -> Int? {
                let answer = try await server.request("GET", "/info")
                let place = URL(fileURLWithPath: folder.index).deletingLastPathComponent().lastPathComponent
                #expect(!answer.text.contains(place))
                let index = try #require(answer.json["index"] as? [String: Any])
                #expect(Set(index.keys) == ["model", "precision", "pictures"])
                #expect(index["model"] as? String == "tiny" && index["precision"] as? String == "f32")
                return index["pictures"] as? Int
            }
            // It was not read yet.
            #expect(try await count() == nil)
            #expect(try await server.post("/search", #"{"like":1}"#).status == 200)
            #expect(try await count() == 3)
            try folder.put(new, try Fixture.bytes("imaging/\(new)"))
            try await folder.update([new], by: server.engine)
            #expect(try await server.post("/search", #"{"like":1,"under":"/etc"}"#).status == 200)
            #expect(try await count() == 3)
            #expect(try await server.post("/search", #"{"like":1}"#).status == 200)
            #expect(try await count() == 4)
        }
        try await LiveServer.with(pictures: { engine in
            let pictures = try await folder.search(by: engine)
            try await pictures.prepare()
            return pictures
        }) { server in
            let index = try await server.request("GET", "/info").json["index"] as? [String: Any]
            #expect(index?["pictures"] as? Int == 4)
        }
    }

    @Test("/info counts what the caches did, and /clear_cache empties them")
    func caches() async throws {
        try await LiveServer.with { server in
            func counters() async throws -> [String: Int] {
                let models = try await server.request("GET", "/info").json["models"] as? [[String: Any]]
                return try #require(models?.first?["text_cache"] as? [String: Int])
            }
            var answers: Set<String> = []
            for _ in 0..<3 {
                let answer = try await server.post("/clip/embed_text", #"{"text": "a cat"}"#)
                answers.insert("\(answer.json["embeddings"] ?? "none")")
            }
            #expect(answers.count == 1)
            let counted = try await counters()
            #expect(counted["hits"] == 2 && counted["misses"] == 1 && counted["entries"] == 1)
            #expect(counted["bytes"].map { $0 > 100 } == true && counted["max_bytes"] == 16 << 20)
            #expect(try await server.request("GET", "/clear_cache").text == #""Cache Cleared""#)
            #expect(try await counters()["entries"] == 0)
        }
    }

    @Test("The same pictures in a later request are counted as known, and answered with the same numbers")
    func imageCache() async throws {
        try await LiveServer.with { server in
            func counters() async throws -> [String: Int] {
                let models = try await server.request("GET", "/info").json["models"] as? [[String: Any]]
                return try #require(models?.first?["image_cache"] as? [String: Int])
            }
            let (first, second) = (try SmallModel.image(), try SmallModel.image("png-rgb.png"))
            func embeddings(_ images: [String]) async throws -> [[Double]] {
                let list = images.map { #"{"type":"base64","value":"\#($0)"}"# }.joined(separator: ",")
                let answer = try await server.post("/clip/embed_image", #"{"image":[\#(list)]}"#)
                return try #require(answer.json["embeddings"] as? [[Double]])
            }
            let computed = try await embeddings([first, second, first])
            #expect(computed.count == 3 && computed[0] == computed[2] && computed[0] != computed[1])
            #expect(try await embeddings([second, first]) == [computed[1], computed[0]])
            let counted = try await counters()
            #expect(counted["misses"] == 2 && counted["shared"] == 1 && counted["hits"] == 2)
            #expect(counted["entries"] == 2)
        }
    }

    @Test("A server whose engine has not started is healthy, but not ready")
    func readiness() async throws {
        try await LiveServer.with(starting: false) { server in
            #expect(try await server.request("GET", "/healthz").text == #"{"status":"healthy"}"#)
            let early = try await server.request("GET", "/readiness")
            #expect(early.status == 503)
            #expect(early.text == #"{"status":"not ready"}"#)
            try await server.engine.start()
            let ready = try await server.request("GET", "/readiness")
            #expect(ready.status == 200)
            #expect(ready.text == #"{"status":"ready"}"#)
        }
    }

    @Test("Models are listed, removed, loaded again by request or by name, and cleared")
    func models() async throws {
        try await LiveServer.with { server in
            func names(_ answer: HTTPAnswer) -> [String] {
                #expect(answer.status == 200)
                return (answer.json["models"] as? [[String: Any]] ?? []).compactMap {
                    $0["model_id"] as? String
                }
            }
            let registry = try await server.request("GET", "/model/registry?api_key=k")
            #expect(
                registry.text.hasPrefix(
                    #"{"models":[{"model_id":"clip/tiny","task_type":"embedding","batch_size":null,"input_height":null,"input_width":null,"vram_bytes":null,"request_aliases":[],"request_paths":["/clip/embed_image","/clip/embed_text","/clip/compare"],"state":"loaded","source":"directory","repository":null,"revision":null,"licence":null,"precision":"f32","bytes":"#
                )
            )
            #expect(
                registry.text.contains(
                    #"],"total_vram_bytes":null,"gpu_memory_used":null,"gpu_memory_total":null,"torch_cuda_allocated":null,"torch_cuda_reserved":null,"torch_cuda_allocator_cache":null,"non_torch_gpu_memory":null,"model_memory":{"bytes":"#
                )
            )
            #expect(registry.text.hasSuffix(#","max_bytes":null},"available":[]}"#))
            #expect(!registry.text.contains(try SmallModel.directory.get()), "A path is nobody's business.")
            #expect(names(registry) == ["clip/tiny", "clip/second"])
            #expect(
                names(try await server.post("/model/remove", #"{"model_id":"clip/tiny"}"#)) == ["clip/second"]
            )
            for id in ["clip/tiny", "clip/none", "none", "yolo/3", "a/b/c"] {
                #expect(
                    names(try await server.post("/model/remove", #"{"model_id":"\#(id)"}"#)) == [
                        "clip/second"
                    ]
                )
            }

            let cold = try await server.post("/clip/embed_text", #"{"text":"a"}"#)
            #expect(cold.fields["x-model-cold-start"] == "true")
            #expect(cold.fields["x-model-cold-start-count"] == "1")
            #expect(cold.fields["x-model-load-time"].flatMap(Double.init) != nil)
            #expect(cold.fields["x-model-load-details"]?.hasPrefix(#"[{"m": "clip/tiny", "t": "#) == true)
            _ = try await server.post("/model/remove", #"{"model_id":"clip/tiny"}"#)
            let bad = #"{"image":{"type":"base64","value":"AAAA"}}"#
            let refused = try await server.post("/clip/embed_image", bad)
            #expect(refused.status == 400 && refused.fields["x-model-cold-start"] == "true")
            #expect(refused.fields["x-model-load-time"].flatMap(Double.init) != nil)
            let warm = try await server.post("/clip/embed_text", #"{"text":"a"}"#)
            #expect(warm.fields["x-model-cold-start"] == "false")
            #expect(warm.fields["x-model-load-time"] == nil)

            #expect(names(try await server.request("POST", "/model/clear")).isEmpty)
            let added = try await server.post("/model/add", #"{"model_id":"clip/second","api_key":null}"#)
            #expect(names(added) == ["clip/second"])
            #expect(added.fields["x-model-id"] == "clip/second")
            #expect(added.fields["x-model-cold-start"] == "true")
            #expect(added.fields["x-model-load-time"].flatMap(Double.init) != nil)
            let again = try await server.post("/model/add", #"{"model_id":"clip/second"}"#)
            #expect(again.fields["x-model-cold-start"] == "false")
            let available = try #require(again.json["available"] as? [[String: Any]])
            #expect(available.map { $0["model_id"] as? String } == ["clip/tiny"])
            #expect(available[0]["state"] as? String == "configured")
            #expect(registry.fields["x-model-id"] == nil)
            for id in ["clip/none", "none"] {
                let unknown = try await server.post("/model/add", #"{"model_id":"\#(id)"}"#)
                #expect(unknown.status == 404)
                #expect(unknown.fields["x-model-id"] == nil)
            }
            #expect(try await server.post("/model/add", #"{"model_id":"clip/"}"#).status == 400)
            #expect(try await server.post("/model/add", #"{}"#).status == 422)
        }
    }

    @Test("A web page may manage models only if its origin is allowed by name")
    func managementByPages() async throws {
        try await LiveServer.with {
            $0.allowedOrigins = ["*", "https://operator.example"]
        } _: { server in
            for path in ["/model/clear", "/model/remove", "/model/add"] {
                let refused = try await server.post(path, "{}", fields: [("Origin", "https://any.example")])
                #expect(refused.status == 403 && refused.text.contains("--allow-origins"))
            }
            #expect(server.engine.models.count == 2)
            let allowed = try await server.post(
                "/model/clear",
                "",
                fields: [("Origin", "https://operator.example")]
            )
            #expect(allowed.status == 200 && server.engine.models.isEmpty)
        }
    }

    @Test("Pages, and what is none")
    func others() async throws {
        try await LiveServer.with { server in
            let index = try await server.request("GET", "/")
            #expect(index.fields["content-type"] == "text/plain; charset=utf-8")
            #expect(index.text.contains("POST /clip/compare\n"))
            #expect(try await server.request("GET", "/clear_cache").text == #""Cache Cleared""#)
            let missing = try await server.request("GET", "/nothing")
            #expect(missing.status == 404)
            #expect(missing.text == #"{"detail":"Not Found"}"#)
            let wrong = try await server.request("GET", "/clip/compare")
            #expect(wrong.status == 405)
            #expect(wrong.fields["allow"] == "POST")
            #expect(wrong.text == #"{"detail":"Method Not Allowed"}"#)
            #expect(
                try await server.request("POST", "/clip/comparison/", body: []).fields["allow"] == "GET, HEAD"
            )
            let head = try await server.request("HEAD", "/healthz")
            #expect(head.status == 200)
            #expect(head.fields["content-length"] == "20")
        }
    }
}
