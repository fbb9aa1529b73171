import CLIPEngine
import CLIPIndex
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("The search of pictures over HTTP", .timeLimit(.minutes(3)))
struct ImageSearchTests {
    private struct Found: Decodable {
        struct Picture: Decodable, Equatable {
            let id: Int
            let path: String
            let score: Double
            let copies: Int?
        }

        let results: [Picture]
        let searched: Int
        let time: Double
    }

    private let folder: PictureFolder

    init() throws { folder = try PictureFolder() }

    private func serving<Value: Sendable>(
        configure: (inout ServerConfiguration) -> Void = { _ in },
        log: LogLines? = nil,
        _ body: (LiveServer) async throws -> Value
    ) async throws -> Value {
        try await LiveServer.with(
            configure: configure,
            log: log,
            pictures: { try await folder.search(by: $0) },
            body
        )
    }

    private func found(_ answer: HTTPAnswer) throws -> Found {
        #expect(answer.status == 200, "\(answer.text)")
        let found = try JSONDecoder().decode(Found.self, from: Data(answer.text.utf8))
        #expect(found.time >= 0)
        #expect(found.results.map(\.score) == found.results.map(\.score).sorted(by: >))
        return found
    }

    private func image(_ name: String) throws -> String {
        #"{"type":"base64","value":"\#(try SmallModel.image(name))"}"#
    }

    @Test("A text, a picture and a picture of the index find what fits, the best first")
    func subjects() async throws {
        try await serving { server in
            let answer = try await server.post("/search", #"{"text":"고양이"}"#)
            let byText = try found(answer)
            #expect(Set(byText.results.map(\.id)) == [1, 2, 3] && byText.searched == 3)
            #expect(answer.fields["x-model-id"] == "tiny")
            #expect(answer.fields["server-timing"]?.contains("search;dur=") == true)
            for (place, name) in PictureFolder.names.enumerated() {
                let byImage = try found(
                    try await server.post("/search", #"{"image":\#(try image(name)),"top":1}"#)
                )
                #expect(byImage.results.map(\.id) == [place + 1])
                #expect(byImage.results.map(\.path) == ["\(folder.path)/\(name)"])
                #expect(abs((byImage.results.first?.score ?? 0) - 1) < 1e-3)
            }
            // What it is like is no answer by itself.
            let like = try found(try await server.post("/search", #"{"like":2}"#))
            #expect(Set(like.results.map(\.id)) == [1, 3] && like.searched == 3)
            // Nor does it need the model.
            let byNumber = try found(try await server.post("/search", #"{"plus":[{"like":2}],"top":9}"#))
            #expect(byNumber.results == like.results)
        }
    }

    @Test("What is added and taken away counts with its weight, as the numbers say")
    func sums() async throws {
        try await serving { server in
            func embedding(_ fields: String, _ route: String) async throws -> [Double] {
                let answer = try await server.post("/clip/\(route)", #"{\#(fields),"normalize":true}"#)
                return try #require((answer.json["embeddings"] as? [[Double]])?.first)
            }
            let text = try await embedding(#""text":"a red bicycle""#, "embed_text")
            let other = try await embedding(#""text":"people""#, "embed_text")
            let pictures = try await PictureFolder.names.asyncMap {
                try await embedding(#""image":\#(try image($0))"#, "embed_image")
            }
            let sum = text.indices.map { 2 * text[$0] - 0.5 * other[$0] + pictures[1][$0] }
            let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let expected = pictures.map { picture in zip(sum, picture).reduce(0) { $0 + $1.0 * $1.1 } / length
            }
            let body =
                #"{"plus":[{"text":"a red bicycle","weight":2},{"image":\#(try image(PictureFolder.names[1]))}],"#
                + #""minus":[{"text":"people","weight":0.5}]}"#
            let answered = try found(try await server.post("/search", body))
            for picture in answered.results {
                #expect(abs(picture.score - expected[picture.id - 1]) < 2e-3)
            }
            let plain = try found(
                try await server.post(
                    "/search",
                    #"{"text":"a","like":1,"plus":["b"],"minus":["c",{"like":3}]}"#
                )
            )
            #expect(plain.results.count == 3)
        }
    }

    @Test("Fewer are told, those above a score, or those of a folder, which is compared and not opened")
    func limits() async throws {
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/e\u{301}",
            withIntermediateDirectories: true
        )
        try folder.put("e\u{301}/cat.jpg", try Fixture.bytes("imaging/jpeg-grey.jpg"))
        try folder.put("copy.png", try Fixture.bytes("imaging/png-rgb.png"))
        try await LiveServer.with(pictures: {
            try await folder.search(by: $0, updating: PictureFolder.names + ["e\u{301}/cat.jpg", "copy.png"])
        }) { server in
            let all = try found(try await server.post("/search", #"{"text":"a"}"#))
            #expect(all.results.count == 4)
            #expect(all.results.first { $0.id == 3 }?.copies == 1)
            #expect(all.results.first { $0.id == 3 }?.path == "\(folder.path)/copy.png")
            let top = try found(try await server.post("/search", #"{"text":"a","top":2}"#))
            #expect(top.results == Array(all.results.prefix(2)))
            let least = all.results[1].score
            let above = try found(try await server.post("/search", #"{"text":"a","min_score":\#(least)}"#))
            #expect(above.results.count == 2)
            let none = try found(try await server.post("/search", #"{"text":"a","min_score":1e300}"#))
            #expect(none.results.isEmpty && none.searched == 4)
            let under = try found(
                try await server.post("/search", #"{"text":"a","under":"\#(folder.path)/e\#u{301}"}"#)
            )
            #expect(under.results.map(\.id) == [4] && under.searched == 1)
            for path in [
                "\(folder.path)/\u{E9}", "\(folder.path)/../pictures", "/etc", "..", "\(folder.path)/e",
            ] {
                let other = try found(
                    try await server.post("/search", #"{"text":"a","under":"\#(path)"}"#)
                )
                #expect(other.results.isEmpty && other.searched == 0, "\(path)")
            }
            let whole = try found(
                try await server.post("/search", #"{"text":"a","under":"\#(folder.path)/"}"#)
            )
            #expect(whole.searched == 4)
        }
    }

    @Test("What is wrong is told with its place", arguments: refusals)
    func mistakes(body: String, status: Int, words: String) async throws {
        try await serving { server in
            let body = body.replacing("IMAGE", with: try image(PictureFolder.names[0]))
                .replacing("LONG", with: String(repeating: "cat ", count: 100))
                .replacing("NINE", with: Array(repeating: "\"a\"", count: 9).joined(separator: ","))
                .replacing("PATH", with: String(repeating: "/", count: 4097))
            let answer = try await server.post("/search", body)
            #expect(
                answer.status == status && answer.text.contains(words),
                "\(body.prefix(300)): \(answer.status) \(answer.text)"
            )
        }
    }

    private static let refusals: [(String, Int, String)] = [
        ("{}", 422, #"{"detail":[{"type":"missing","loc":["body","text"],"msg":"Field required""#),
        (#"{"minus":["a"]}"#, 422, #""loc":["body","text"],"msg":"Field required""#),
        (#"{"plus":[],"top":3}"#, 422, #""loc":["body","text"],"msg":"Field required""#),
        (#"{"text":null,"image":null,"like":null,"plus":null}"#, 422, #""type":"missing""#),
        (#"{"text":1}"#, 422, #"{"type":"string_type","loc":["body","text"]"#),
        (#"{"text":["a"]}"#, 422, #"{"type":"string_type","loc":["body","text"]"#),
        (#"{"text":"LONG"}"#, 400, "Text input is too long"),
        (#"{"text":"a","plus":["LONG"]}"#, 400, "(plus 1)"),
        (#"{"image":"x"}"#, 422, #"{"type":"model_type","loc":["body","image"]"#),
        (#"{"image":{"type":"file","value":"/etc/passwd"}}"#, 400, "does not read files of its own machine"),
        (#"{"image":{"type":"base64","value":"AAAA"}}"#, 400, "no picture of a format that is read here"),
        (#"{"like":1,"minus":[{"image":{"type":"base64","value":"AAAA"}}]}"#, 400, "(minus 1)"),
        (#"{"like":0}"#, 422, "Input should be greater than or equal to 1"),
        (#"{"like":-1}"#, 422, "Input should be greater than or equal to 1"),
        (#"{"like":1.5}"#, 422, "Input should be a valid integer"),
        (#"{"like":"1"}"#, 422, "Input should be a valid integer"),
        (#"{"like":true}"#, 422, "Input should be a valid integer"),
        (#"{"like":NaN}"#, 422, "Input should be a valid integer"),
        (#"{"like":99999999999999999999999}"#, 422, "Input should be a valid integer"),
        (#"{"like":9223372036854775807}"#, 404, "The index has no such picture."),
        (#"{"like":4}"#, 404, "The index has no such picture."),
        (#"{"text":"a","plus":[{"like":44}]}"#, 404, "The index has no such picture."),
        (#"{"text":"a","top":0}"#, 422, "Input should be greater than or equal to 1"),
        (
            #"{"text":"a","top":1001}"#, 422,
            #""msg":"Input should be less than or equal to 1000","input":null,"ctx":{"le":1000}"#
        ),
        (#"{"text":"a","top":1e30}"#, 422, "Input should be a valid integer"),
        (#"{"text":"a","top":"5"}"#, 422, "Input should be a valid integer"),
        (#"{"text":"a","min_score":"0"}"#, 422, "Input should be a valid number"),
        (#"{"text":"a","min_score":NaN}"#, 422, "Input should be a finite number"),
        (#"{"text":"a","min_score":-Infinity}"#, 422, "Input should be a finite number"),
        (#"{"text":"a","min_score":1e999}"#, 422, "Input should be a finite number"),
        (#"{"text":"a","under":5}"#, 422, #"{"type":"string_type","loc":["body","under"]"#),
        (#"{"text":"a","under":"PATH"}"#, 422, "String should have at most 4096 characters"),
        (#"{"text":"a","plus":"b"}"#, 422, #"{"type":"list_type","loc":["body","plus"]"#),
        (#"{"text":"a","plus":[NINE]}"#, 422, "List should have at most 8 items after validation, not 9"),
        (#"{"text":"a","minus":[NINE]}"#, 422, #""loc":["body","minus"]"#),
        (#"{"text":"a","plus":[5]}"#, 422, #"{"type":"model_type","loc":["body","plus",0]"#),
        (#"{"text":"a","plus":["b",{}]}"#, 422, #"{"type":"missing","loc":["body","plus",1,"text"]"#),
        (#"{"text":"a","plus":[{"text":5}]}"#, 422, #"{"type":"string_type","loc":["body","plus",0,"text"]"#),
        (#"{"text":"a","plus":[{"like":0}]}"#, 422, #""loc":["body","plus",0,"like"]"#),
        (#"{"text":"a","plus":[{"image":5}]}"#, 422, #""loc":["body","plus",0,"image"]"#),
        (
            #"{"text":"a","plus":[{"text":"b","like":1}]}"#, 422,
            "Value error, one of text, image and like is wanted, not several"
        ),
        (#"{"text":"a","plus":[{"text":"b","weight":"1"}]}"#, 422, "Input should be a valid number"),
        (#"{"text":"a","plus":[{"text":"b","weight":NaN}]}"#, 422, "Input should be a finite number"),
        (
            #"{"text":"a","plus":[{"text":"b","weight":1001}]}"#, 422,
            "Input should be less than or equal to 1000"
        ),
        (
            #"{"text":"a","plus":[{"text":"b","weight":-1e5}]}"#, 422,
            "Input should be greater than or equal to -1000"
        ),
        (#"{"text":"a","minus":["a"]}"#, 400, "leave nothing to look for"),
        (#"{"like":1,"minus":[{"like":1}]}"#, 400, "leave nothing to look for"),
        (#"{"plus":[{"text":"a","weight":0}]}"#, 400, "leave nothing to look for"),
        ("[]", 422, "Input should be a valid dictionary or object"),
        ("", 422, "Field required"),
        (#"{"text":"a""#, 422, "JSON decode error"),
    ]

    @Test("A server without an index says so, whatever is asked, and knows the routes")
    func noIndex() async throws {
        try await LiveServer.with { server in
            let words =
                #"{"message":"This server has no index of pictures. Its operator can give it one with --index."}"#
            for answer in [
                try await server.post("/search", #"{"text":"a"}"#),
                try await server.request("GET", "/thumbnails/1"),
                try await server.request("GET", "/thumbnails/x"),
            ] {
                #expect(answer.status == 404 && answer.text == words)
            }
            #expect(try await server.request("GET", "/search").status == 405)
        }
    }

    @Test(
        "Keys are asked for as elsewhere, and pages of other sites are refused, whatever they may read elsewhere"
    )
    func access() async throws {
        try await serving(configure: { $0.apiKeys = ["a-key-of-ours"] }) { server in
            let text = #"{"text":"a"}"#
            let withoutKey = try await server.post("/search", text)
            #expect(withoutKey.status == 401)
            #expect(try await server.request("GET", "/thumbnails/1").status == 401)
            #expect(
                try await server.post("/search", #"{"text":"a","api_key":"a-key-of-ours"}"#).status == 200
            )
            let key = ("Authorization", "Bearer a-key-of-ours")
            #expect(try await server.post("/search", text, fields: [key]).status == 200)
            #expect(try await server.request("GET", "/thumbnails/1", fields: [key]).status == 200)
            #expect(
                try await server.post("/search", text, fields: [key, ("Origin", "https://a.example")]).status
                    == 403
            )
        }
        let named = "https://photos.example"
        try await serving(configure: { $0.allowedOrigins = ["*", named] }) { server in
            let own = "http://127.0.0.1"  // as the test's own Host field says
            let cases: [([(String, String)], Int)] = [
                ([], 200), ([("Origin", own)], 200), ([("Origin", named)], 200),
                ([("Origin", "https://a.example")], 403), ([("Origin", "null")], 403),
                ([("Origin", "*")], 403),
                ([("Sec-Fetch-Site", "same-origin"), ("Origin", own)], 200),
                ([("Sec-Fetch-Site", "none")], 200),
                ([("Sec-Fetch-Site", "cross-site")], 403), ([("Sec-Fetch-Site", "same-site")], 403),
                ([("Sec-Fetch-Site", "cross-site"), ("Origin", named)], 200),
                ([("Sec-Fetch-Site", "cross-site"), ("Origin", own)], 403),
            ]
            for (fields, status) in cases {
                let answer = try await server.request("GET", "/thumbnails/1", fields: fields)
                #expect(answer.status == status, "\(fields)")
                if status == 403 { #expect(answer.message?.hasPrefix("Web pages of other sites") == true) }
                #expect(try await server.post("/search", #"{"like":1}"#, fields: fields).status == status)
            }
            // A name that leads to this machine may be anybody's.
            for (host, status) in [("a.example", 403), ("photos.example", 200), ("localhost:9001", 200)] {
                let answer = try await server.connected { connection in
                    try connection.send("GET /thumbnails/1 HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                    return try connection.answer()
                }
                #expect(answer.status == status, "\(host)")
            }
        }
    }

    @Test("The index is brought up to date while it is searched")
    func growing() async throws {
        let new = "jpeg-progressive.jpg"
        try await serving { server in
            #expect(try found(try await server.post("/search", #"{"like":1}"#)).searched == 3)
            try folder.put(new, try Fixture.bytes("imaging/\(new)"))
            try await folder.update([new], by: server.engine)
            let grown = try found(try await server.post("/search", #"{"image":\#(try image(new)),"top":1}"#))
            #expect(grown.searched == 4 && grown.results.map(\.id) == [4])
            #expect(try await server.request("GET", "/thumbnails/4").status == 200)
        }
    }

    @Test(
        "An index that vanishes or is damaged is told of, another one in its place is searched, and the rest goes on"
    )
    func vanishing() async throws {
        let log = LogLines()
        try await serving(log: log) { server in
            let search = #"{"like":1}"#
            try FileManager.default.moveItem(atPath: folder.index, toPath: folder.index + ".away")
            let away = try await server.post("/search", search)
            #expect(
                away.status == 503 && away.message?.hasPrefix("The server's index cannot be read") == true
            )
            #expect(!away.text.contains(folder.index) && log.all.contains { $0.whole.contains(folder.index) })
            #expect(try await server.request("GET", "/thumbnails/1").status == 503)
            try Data("something else".utf8).write(to: URL(fileURLWithPath: folder.index))
            #expect(try await server.post("/search", search).status == 500)
            #expect(try await server.post("/clip/embed_text", #"{"text":"a"}"#).status == 200)
            try FileManager.default.removeItem(atPath: folder.index)
            try FileManager.default.moveItem(atPath: folder.index + ".away", toPath: folder.index)
            #expect(try found(try await server.post("/search", search)).searched == 3)
            // Damaged where it lies.
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.index))
            let size = try handle.seekToEnd()
            try handle.seek(toOffset: 4096)
            try handle.write(contentsOf: Data(repeating: 0xFF, count: Int(size) - 4096))
            try handle.close()
            let damaged = try await server.post("/search", #"{"text":"a","under":"/"}"#)
            #expect(damaged.status == 500 || damaged.status == 503, "\(damaged.status) \(damaged.text)")
            #expect(damaged.message?.contains("index") == true)
            #expect(try await server.post("/clip/embed_text", #"{"text":"a"}"#).status == 200)
        }
    }

    @Test("Searches are counted, with the pictures that were compared and the time")
    func metrics() async throws {
        try await serving { server in
            for _ in 0..<3 { #expect(try await server.post("/search", #"{"like":1}"#).status == 200) }
            #expect(try await server.post("/search", #"{"like":9}"#).status == 404)
            let text = try await server.request("GET", "/metrics").text
            for line in [
                "clip_searches_total 3", "clip_searched_pictures_total 9",
                #"clip_stage_duration_seconds_count{stage="search"} 3"#,
                #"clip_http_requests_total{route="/search",method="POST",status="200"} 3"#,
            ] {
                #expect(text.contains(line + "\n"), "\(line)")
            }
        }
    }

    @Test("Many at once are all answered rightly")
    func together() async throws {
        try await serving { server in
            let ids = try await withThrowingTaskGroup(of: (Int, Int?).self) { group in
                for number in 0..<60 {
                    group.addTask {
                        let id = number % 3 + 1
                        let answer = try await server.post(
                            "/search",
                            #"{"plus":[{"like":\#(id)}],"text":"a","top":1}"#
                        )
                        let alone = try await server.post("/search", #"{"text":"a","like":\#(id),"top":1}"#)
                        #expect(answer.status == 200 && alone.status == 200)
                        let results = answer.json["results"] as? NSArray
                        #expect(results == alone.json["results"] as? NSArray)
                        return (id, (results?.firstObject as? NSDictionary)?["id"] as? Int)
                    }
                }
                return try await group.reduce(into: [Int: Set<Int?>]()) { $0[$1.0, default: []].insert($1.1) }
            }
            #expect(ids.count == 3 && ids.values.allSatisfy { $0.count == 1 })
        }
    }
}

extension Array {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
