import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("Zero-shot classification over HTTP")
struct ClassificationTests {
    private struct Prediction: Decodable, Equatable {
        let label: String
        let score: Double
        let similarity: Double
    }

    private struct Answered: Decodable {
        let predictions: [[Prediction]]
        let model: String
        let time: Double
    }

    private func predictions(_ answer: HTTPAnswer) throws -> [[Prediction]] {
        #expect(answer.status == 200, "\(answer.text)")
        let found = try JSONDecoder().decode(Answered.self, from: Data(answer.text.utf8))
        #expect(found.model == "tiny" && found.time >= 0)
        return found.predictions
    }

    @Test("Images, one or many, come back with their labels, the best first, scores summing to one")
    func images() async throws {
        try await LiveServer.with { server in
            let image = #"{"type":"base64","value":"\#(try SmallModel.image())"}"#
            let other = #"{"type":"base64","value":"\#(try SmallModel.image("gif-animated.gif"))"}"#
            let labels = #""labels":["cat","고양이","red \"bicycle\""]"#
            let one = try await server.post("/classify", #"{"image":\#(image),\#(labels)}"#)
            #expect(one.text.hasPrefix(#"{"predictions":[[{"label":""#), "\(one.text)")
            #expect(one.fields["x-model-id"] == "tiny")
            let alone = try predictions(one)
            #expect(alone.count == 1 && Set(alone[0].map(\.label)) == ["cat", "고양이", "red \"bicycle\""])
            #expect(abs(alone[0].reduce(0) { $0 + $1.score } - 1) < 1e-5)
            #expect(alone[0].map(\.similarity) == alone[0].map(\.similarity).sorted(by: >))
            let many = try await server.post(
                "/classify",
                #"{"image":[\#(image),\#(other)],\#(labels),"top_k":2,"clip_version_id":"tiny","junk":1}"#
            )
            let both = try predictions(many)
            #expect(both.map(\.count) == [2, 2])
            for (found, expected) in zip(both[0], alone[0]) {
                #expect(found.label == expected.label && abs(found.score - expected.score) < 1e-4)
            }
            // The very numbers of `compare`, but for the last digits.
            let compared = try await server.post(
                "/clip/compare",
                #"{"subject":\#(image),"prompt":["cat","고양이","red \"bicycle\""]}"#
            )
            let similarities = try #require(compared.json["similarity"] as? [Double])
            #expect(abs((similarities.max() ?? 0) - alone[0][0].similarity) < 1e-6)
        }
    }

    @Test("Texts, templates, and labels with prompts of their own")
    func texts() async throws {
        try await LiveServer.with { server in
            func ask(_ fields: String) async throws -> [[Prediction]] {
                try predictions(try await server.post("/classify", "{\(fields)}"))
            }
            let plain = try await ask(#""text":"a cat","labels":["a cat","a dog"]"#)
            #expect(plain[0][0].label == "a cat" && plain[0][0].similarity > 0.9999)
            let put = try await ask(#""text":["a cat","a dog"],"labels":["dog","cat"],"templates":["a {}"]"#)
            #expect(put.map { $0[0].label } == ["cat", "dog"])
            #expect(try await ask(#""text":"a cat","labels":["dog","cat"],"templates":"a {}""#) == [put[0]])
            let own = try await ask(
                #""text":"a dog","labels":{"animal":["a cat","a dog"],"hound":"a dog","plant":["a tree"]}"#
            )
            #expect(own[0].map(\.label).first == "hound" && own[0].count == 3)
            let null = try await ask(
                #""image":null,"text":"a cat","labels":["a cat"],"templates":null,"top_k":null,"truncate":null"#
            )
            #expect(null == [[Prediction(label: "a cat", score: 1, similarity: null[0][0].similarity)]])
            let long = String(repeating: "cat ", count: 100)
            #expect(
                try await ask(#""text":"\#(long)","labels":["\#(long)","b"],"truncate":true"#)[0][0]
                    .similarity
                    > 0.9999
            )
        }
    }

    @Test("Ten thousand labels are read and ranked, and known the next time")
    func manyLabels() async throws {
        try await LiveServer.with { server in
            let labels = (0..<10_000).map { "\"label \($0)\"" }.joined(separator: ",")
            let body = #"{"text":["label 4321","label 17"],"labels":[\#(labels)],"top_k":1}"#
            for _ in 0..<2 {
                let found = try predictions(try await server.post("/classify", body))
                #expect(found.map { $0.map(\.label) } == [["label 4321"], ["label 17"]])
            }
            #expect(server.engine.keptLabelSets.count == 1)
            let all = try predictions(
                try await server.post("/classify", #"{"text":"label 17","labels":[\#(labels)]}"#)
            )
            #expect(all[0].count == 10_000 && all[0][0].label == "label 17")
            let cleared = try await server.request("GET", "/clear_cache")
            #expect(cleared.status == 200)
            #expect(server.engine.keptLabelSets.count == 0)
        }
    }

    @Test("What is wrong is told with its place", arguments: refusals)
    func mistakes(body: String, status: Int, words: String) async throws {
        try await LiveServer.with(engine: { $0.maxTexts = 20 }) { server in
            let image = #"{"type":"base64","value":"\#(try SmallModel.image())"}"#
            let long = "\"" + String(repeating: "cat ", count: 100) + "\""
            let body = body.replacing("IMAGE", with: image).replacing("LONG", with: long)
                .replacing("HUGE", with: String(repeating: "a", count: 65_537))
            let answer = try await server.post("/classify", body)
            #expect(
                answer.status == status && answer.text.contains(words),
                "\(body.prefix(300)): \(answer.text)"
            )
        }
    }

    private static let refusals: [(String, Int, String)] = [
        (#"{"labels":["a"]}"#, 400, "Send what is to be classified, as image or as text."),
        (#"{"labels":["a"],"text":null,"image":null}"#, 400, "as image or as text."),
        (#"{"text":"a","labels":["é","e\u0301"]}"#, 400, "Unicode's normal forms make no difference."),
        (#"{"text":"a","labels":["a"],"clip_version_id":"my model"}"#, 404, "There is no such model here."),
        (#"{"text":"a"}"#, 422, #"{"type":"missing","loc":["body","labels"],"msg":"Field required""#),
        (#"{"text":"a","labels":"a"}"#, 422, #""loc":["body","labels","list[str]"]"#),
        (#"{"text":"a","labels":["a",1]}"#, 422, #""loc":["body","labels","list[str]",1]"#),
        (
            #"{"text":"a","labels":{"good":"x","bad":1}}"#, 422,
            #"{"detail":[{"type":"list_type","loc":["body","labels","dict[str,union[list[str],str]]","bad","#
        ),
        (#"{"text":"a","labels":["a"],"top_k":0}"#, 422, "Input should be greater than or equal to 1"),
        (#"{"text":"a","labels":["a"],"top_k":1.5}"#, 422, "Input should be a valid integer"),
        (#"{"text":"a","labels":["a"],"top_k":"1"}"#, 422, "Input should be a valid integer"),
        (#"{"text":"a","labels":["a"],"templates":[1]}"#, 422, #""loc":["body","templates","list[str]",0]"#),
        (#"{"text":"a","image":IMAGE,"labels":["a"]}"#, 400, "Send image or text, not both"),
        (#"{"text":"a","labels":{"a":"x"},"templates":["{}"]}"#, 400, "labels have prompts of their own."),
        (#"{"text":"a","labels":[]}"#, 400, #"{"message":"At least one label is required."}"#),
        (#"{"text":"a","labels":{}}"#, 400, "At least one label is required"),
        (#"{"text":"a","labels":["a"," "]}"#, 400, "Label 2 is empty."),
        (#"{"text":"a","labels":[" cat","dog","cat "]}"#, 400, "Label 3 is the same as label 1."),
        (#"{"text":"a","labels":["a","b","a"]}"#, 400, "Label 3 is the same as label 1."),
        (#"{"text":"a","labels":{"a":"x","b":"y","a":"z","b":"w"}}"#, 400, "Label 3 is the same as label 1."),
        (#"{"text":"a","labels":{"a":[]}}"#, 400, "Label 1 has an empty list of prompts."),
        (#"{"text":"a","labels":["a"],"templates":[]}"#, 400, "At least one template is required."),
        (#"{"text":"a","labels":["a"],"templates":["{}","x"]}"#, 400, "Template 2 has no {}"),
        (
            #"{"text":"a","labels":["a","b","c"],"templates":["{}","{}.","a {}","b {}","c {}","d {}","e {}"]}"#,
            400, "The labels have 21 prompts in all, and at most 20 are taken."
        ),
        (#"{"text":[],"labels":["a"]}"#, 400, "At least one text is required"),
        (#"{"image":[],"labels":["a"]}"#, 400, "At least one image is required"),
        (#"{"image":{"type":"x","value":""},"labels":["a"]}"#, 400, "not recognised image type."),
        (
            #"{"image":[IMAGE,{"type":"base64","value":"AAAA"}],"labels":["a"]}"#, 400, "(image 2 of 2)"
        ),
        (#"{"text":["a",LONG],"labels":["a"]}"#, 400, "takes 77. (text 2 of 2)"),
        (#"{"text":"a","labels":["a","b",LONG]}"#, 400, "takes 77. (label 3 of 3)"),
        (#"{"text":"a","labels":{"a":"a","b":["b",LONG]}}"#, 400, "takes 77. (label 2 of 2)"),
        (
            #"{"text":"a","labels":["a"],"clip_version_id":"none"}"#, 404,
            #"{"message":"There is no such model here. GET /model/registry lists the models of this server."}"#
        ),
        (
            #"{"text":["a","HUGE"],"labels":["a"]}"#, 400,
            "It has 65537 bytes, and at most 65536 are read. (text 2 of 2)"
        ),
        (
            #"{"text":"a","labels":["a","HUGE"]}"#, 400,
            "Label 2 has a prompt of 65537 bytes, and at most 65536 are read."
        ),
        (#"{"text":"a","labels":["a"],"templates":"HUGE{}"}"#, 400, "Template 1 has 65539 bytes"),
        (#"[1]"#, 422, "model_attributes_type"),
    ]

    @Test("Names that lists have are taken, and a body of any type")
    func listedNames() async throws {
        try await LiveServer.with { server in
            let model = server.engine.defaultModel
            for name in [model, "clip/\(model)"] {
                let body = #"{"text":"a","labels":["b"],"clip_version_id":"\#(name)"}"#
                for type in ["application/json", "application/x-www-form-urlencoded"] {
                    let answer = try await server.request(
                        "POST",
                        "/classify",
                        body: Array(body.utf8),
                        fields: [("Content-Type", type)]
                    )
                    #expect(answer.status == 200, "\(answer.text)")
                    #expect(answer.json["model"] as? String == model)
                }
                let embedded = try await server.post(
                    "/clip/embed_text",
                    #"{"text":"a","clip_version_id":"\#(name)"}"#
                )
                #expect(embedded.status == 200, "\(embedded.text)")
            }
            let none = try await server.post(
                "/clip/embed_text",
                #"{"text":"a","clip_version_id":"clip/none"}"#
            )
            #expect(none.status == 400, "\(none.text)")
        }
    }

    @Test("Ranking is a stage of its own, in the answer's header and in the metrics")
    func rankStage() async throws {
        let metrics = PrometheusMetrics()
        try await LiveServer.with(engine: { $0.metrics = metrics }, metrics: metrics) { server in
            let answer = try await server.post("/classify", #"{"text":"a","labels":["b","c"]}"#)
            let timing = try #require(answer.fields["server-timing"])
            let match = try #require(timing.firstMatch(of: /rank;dur=([0-9.]+)/), "\(timing)")
            #expect(Double(match.1).map { $0 > 0 } == true)
            _ = try await server.post("/clip/embed_text", #"{"text":"a"}"#)
            let text = try await server.request("GET", "/metrics").text
            #expect(text.contains("clip_stage_duration_seconds_count{stage=\"rank\"} 1\n"), "\(text)")
        }
    }

    @Test("A model with one tower classifies what it can")
    func oneTower() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-server-halves-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for half in TinyModel.Half.allCases {
            try SmallModel.model.write(half, to: folder.appendingPathComponent(half.rawValue).path)
        }
        let models = TinyModel.Half.allCases.map {
            ModelSource(name: $0.rawValue, directory: folder.appendingPathComponent($0.rawValue).path)
        }
        let image = #"{"type":"base64","value":"\#(try SmallModel.image())"}"#
        try await LiveServer.with(engine: { $0.models = models }) { server in
            let labels = #""labels":["a cat","b"]"#
            for (item, model, words) in [
                (#""text":"a cat""#, "text", nil), (#""text":"a cat""#, "vision", "image tower alone"),
                (#""image":\#(image)"#, "text", "text tower alone"),
                (#""image":\#(image)"#, "vision", "image tower alone"),
            ] {
                let answer = try await server.post(
                    "/classify",
                    #"{\#(item),\#(labels),"clip_version_id":"\#(model)"}"#
                )
                #expect(answer.status == (words == nil ? 200 : 400), "\(answer.text)")
                #expect(answer.message?.contains(words ?? "") ?? (words == nil), "\(answer.text)")
            }
        }
    }

    @Test("An answer that would not fit into memory is refused before anything is computed")
    func giantAnswer() async throws {
        try await LiveServer.with(engine: { $0.memoryBudget = 64_000_000 }) { server in
            let names = (0..<2_000).map { "\"label \($0)\"" }.joined(separator: ",")
            let answer = try await server.post("/classify", #"{"text":[\#(names)],"labels":[\#(names)]}"#)
            #expect(answer.status == 413, "\(answer.text.prefix(300))")
            let few = try await server.post(
                "/classify",
                #"{"text":[\#(names)],"labels":[\#(names)],"top_k":1}"#
            )
            #expect(try predictions(few).count == 2_000)
        }
    }
}
