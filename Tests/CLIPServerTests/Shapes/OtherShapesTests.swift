import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("TEI's, Weaviate's and KServe's routes", .timeLimit(.minutes(2)))
struct OtherShapesTests {
    /// The rows that Roboflow's routes answer, at length one.
    private func unit(_ server: LiveServer, _ texts: String) async throws -> [[Float]] {
        let answer = try await server.post("/clip/embed_text", #"{"text":\#(texts),"normalize":true}"#)
        return try #require(answer.json["embeddings"] as? [[Double]]).map { $0.map(Float.init) }
    }

    private func rows(_ answer: HTTPAnswer) throws -> [[Float]] {
        let rows = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [[Double]]
        return try #require(rows, "\(answer.text)").map { $0.map(Float.init) }
    }

    @Test("TEI's /embed answers a list of lists, of length one unless that is not wanted")
    func tei() async throws {
        try await LiveServer.with { server in
            let expected = try await unit(server, #"["a cat","a dog"]"#)
            #expect(try rows(await server.post("/embed", #"{"inputs":["a cat","a dog"]}"#)) == expected)
            let one = try await server.post("/embed", #"{"inputs":"a cat","truncate":null,"normalize":true}"#)
            #expect(try rows(one) == [expected[0]])
            #expect(one.text.hasPrefix("[["))
            let raw = try await server.post("/embed", #"{"inputs":"a cat","normalize":false}"#)
            let plain = try await server.post("/clip/embed_text", #"{"text":"a cat"}"#)
            #expect(
                try rows(raw)
                    == #require(plain.json["embeddings"] as? [[Double]]).map { $0.map(Float.init) }
            )
            #expect(
                try rows(await server.post("/embed", #"{"inputs":"a cat","dimensions":2}"#))[0].count == 2
            )
            // TEI cuts what is too long unless it is told not to.
            let long = String(repeating: "cat ", count: 100)
            #expect(try rows(await server.post("/embed", #"{"inputs":"\#(long)"}"#)).count == 1)
            let all = try await server.post("/embed", #"{"inputs":"a cat","dimensions":0}"#)
            #expect(try rows(all) == [expected[0]])
        }
    }

    @Test("TEI's mistakes have its types, and the statuses that go with them")
    func teiMistakes() async throws {
        try await LiveServer.with { server in
            let long = String(repeating: "cat ", count: 100)
            for (body, status, type) in [
                ("{", 422, "Validation"), ("{}", 422, "Validation"), (#"{"inputs":[1]}"#, 422, "Validation"),
                (#"{"inputs":"a","dimensions":9}"#, 422, "Validation"),
                (#"{"inputs":"a","dimensions":-1}"#, 422, "Validation"),
                (#"{"inputs":"a","truncate":1}"#, 422, "Validation"),
                (#"{"inputs":[]}"#, 400, "Empty"),
                (#"{"inputs":"\#(long)","truncate":false}"#, 422, "Validation"),
            ] {
                let answer = try await server.post("/embed", body)
                #expect(answer.status == status, "\(body)")
                #expect(answer.json["error_type"] as? String == type, "\(body)")
                #expect((answer.json["error"] as? String)?.isEmpty == false)
                #expect(answer.json.count == 2)
            }
            let noText = try await server.request("POST", "/embed", body: [0x22, 0xFF, 0x22])
            #expect(noText.json["error"] as? String == "The body is not UTF-8.", "\(noText.text)")
            let cut = try await server.post("/embed", #"{"inputs":["a","\#(long)"],"truncate":true}"#)
            #expect(try rows(cut).count == 2)
            let wrong = try await server.request("GET", "/embed")
            #expect(wrong.status == 405 && wrong.json["error_type"] as? String == "Validation")
        }
    }

    @Test("Who has no key is told what to send, in the form of each shape")
    func keys() async throws {
        try await LiveServer.with {
            $0.apiKeys = ["a-key-for-tests"]
        } _: { server in
            let tei = try await server.post("/embed", #"{"inputs":"a"}"#)
            #expect(tei.json["error_type"] as? String == "Unauthorized")
            let classified = try await server.post("/classify", #"{"text":"a","labels":["b"]}"#)
            let weaviate = try await server.post("/vectorize", #"{"texts":["a"]}"#)
            for (answer, name) in [(tei, "error"), (weaviate, "error"), (classified, "message")] {
                let sentence = try #require(answer.json[name] as? String, "\(answer.text)")
                #expect(answer.status == 401)
                #expect(sentence.contains("'Authorization: Bearer KEY'") && sentence.contains("'api_key'"))
            }
        }
    }

    @Test("A picture's data: URL may be in capitals for Weaviate, too")
    func capitals() async throws {
        try await LiveServer.with { server in
            let image = try SmallModel.image()
            let plain = try await server.post("/vectorize", #"{"images":["\#(image)"]}"#)
            let capitals = try await server.post(
                "/vectorize",
                #"{"images":["DATA:image/jpeg;base64,\#(image)"]}"#
            )
            #expect(plain.status == 200 && capitals.text == plain.text)
        }
    }

    @Test("Weaviate's /vectorize takes null for empty lists, and cuts long texts")
    func weaviate() async throws {
        try await LiveServer.with { server in
            let image = try SmallModel.image()
            let expected = try await unit(server, #"["a cat","a dog"]"#)
            let both = try await server.post(
                "/vectorize",
                #"{"texts":["a cat","a dog"],"images":["\#(image)"]}"#
            )
            #expect(both.status == 200)
            let texts = try #require(both.json["textVectors"] as? [[Double]])
            #expect(texts.map { $0.map(Float.init) } == expected)
            let images = try #require(both.json["imageVectors"] as? [[Double]])
            #expect(images.count == 1)
            #expect(abs(images[0].reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
            let alone = try await server.post("/vectorize", #"{"texts":null,"images":["\#(image)"]}"#)
            #expect(alone.json["imageVectors"] as? [[Double]] == images)
            #expect((alone.json["textVectors"] as? [Any])?.isEmpty == true)
            for body in ["{}", #"{"texts":[],"images":null}"#] {
                let none = try await server.post("/vectorize", body)
                #expect(none.text == #"{"textVectors":[],"imageVectors":[]}"#)
            }
            let long = String(repeating: "cat ", count: 100)
            #expect(try await server.post("/vectorize", #"{"texts":["\#(long)"]}"#).status == 200)
        }
    }

    @Test("Weaviate's mistakes are told as `error`")
    func weaviateMistakes() async throws {
        try await LiveServer.with { server in
            for (body, words) in [
                ("{", "no JSON"), (#"{"texts":"a"}"#, "'texts'"), (#"{"images":[1]}"#, "'images'"),
                (#"{"texts":["a"],"images":["AAAA"]}"#, "(image 1 of 1)"),
                // A blob is base64: nobody has this server fetch what it has not asked for.
                (#"{"images":["http://127.0.0.1/a.png"]}"#, "in base64, and holds a URL"),
            ] {
                let answer = try await server.post("/vectorize", body)
                #expect(answer.status == 400, "\(body)")
                #expect((answer.json["error"] as? String)?.contains(words) == true, "\(answer.text)")
                #expect(answer.json.count == 1)
            }
        }
    }

    @Test("What Weaviate asks at its start, and what tells whether the server is up, by three names")
    func states() async throws {
        try await LiveServer.with(starting: false) { server in
            let meta = try await server.request("GET", "/meta")
            #expect(meta.json["model"] as? String == "tiny")
            for path in [
                "/.well-known/live", "/.well-known/ready", "/v2/health/live", "/v2/health/ready", "/health",
            ] {
                let isReady = path.hasSuffix("live")
                let isEmpty = path.hasPrefix("/.")
                let answer = try await server.request("GET", path)
                #expect(answer.status == (!isReady ? 503 : isEmpty ? 204 : 200), "\(path)")
                #expect(answer.body.isEmpty == isEmpty)
                if isEmpty, isReady { #expect(answer.fields["content-length"] == nil) }
                #expect(answer.fields["content-type"] == (isEmpty ? nil : "application/json"))
            }
            try await server.engine.start()
            #expect(try await server.request("GET", "/v2/health/ready").text == #"{"ready":true}"#)
            #expect(try await server.request("GET", "/.well-known/ready").status == 204)
            #expect(try await server.request("GET", "/meta").json["projection_dim"] as? Int == 8)
            // Behind an answer without a length the connection goes on.
            let second = try await server.connected { connection in
                try connection.send("GET", "/.well-known/live", body: nil, fields: [])
                _ = try connection.answer(toHead: true)
                try connection.send("GET", "/v2/health/live", body: nil, fields: [])
                return try connection.answer(toHead: false)
            }
            #expect(second.text == #"{"live":true}"#)
        }
    }
}
