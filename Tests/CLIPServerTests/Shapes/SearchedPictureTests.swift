import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("A picture by itself as what is searched for", .timeLimit(.minutes(3)))
struct SearchedPictureTests {
    private let folder: PictureFolder

    init() throws { folder = try PictureFolder() }

    private func serving(_ body: (LiveServer) async throws -> Void) async throws {
        try await LiveServer.with(pictures: { try await folder.search(by: $0) }, body)
    }

    private func found(_ answer: HTTPAnswer) throws -> [[String: Any]] {
        #expect(answer.status == 200, "\(answer.text)")
        return try #require(answer.json["results"] as? [[String: Any]])
    }

    @Test("It finds what it finds as base64, with the query's fields")
    func finds() async throws {
        try await serving { server in
            for (place, name) in PictureFolder.names.enumerated() {
                let bytes = try Fixture.bytes("imaging/\(name)")
                let declared = #"{"image":{"type":"base64","value":"\#(try SmallModel.image(name))"}}"#
                let asJSON = try found(try await server.post("/search", declared))
                for type in ["image/*", "application/octet-stream", "image/png; q=1"] {
                    let answer = try await server.request(
                        "POST",
                        "/search",
                        body: bytes,
                        fields: [("Content-Type", type)]
                    )
                    let sent = try found(answer)
                    #expect(sent.compactMap { $0["id"] as? Int } == asJSON.compactMap { $0["id"] as? Int })
                    #expect(
                        sent.compactMap { $0["score"] as? Double }
                            == asJSON.compactMap { $0["score"] as? Double }
                    )
                }
                let best = try await server.request(
                    "POST",
                    "/search?top=2&min_score=0.999&under=\(folder.path)&top=1&other=x",
                    body: bytes,
                    fields: [("Content-Type", "image/png")]
                )
                let ids = try found(best).compactMap { $0["id"] as? Int }
                #expect(ids == [place + 1])
                let elsewhere = try await server.request(
                    "POST",
                    "/search?under=/etc",
                    body: bytes,
                    fields: [("Content-Type", "image/png")]
                )
                let none = try found(elsewhere)
                #expect(none.isEmpty)
            }
        }
    }

    @Test("A JSON body has the query's fields where it says nothing of them")
    func query() async throws {
        try await serving { server in
            for (query, body, count) in [
                ("top=1", #"{"text":"a"}"#, 1),
                ("top=1", #"{"text":"a","top":2}"#, 2),
                ("top=1", #"{"text":"a","top":null}"#, 1),
                ("min_score=2", #"{"text":"a"}"#, 0),
                ("under=/etc", #"{"text":"a"}"#, 0),
            ] {
                let pictures = try found(try await server.post("/search?\(query)", body))
                #expect(pictures.count == count, "\(query) \(body)")
            }
            for body in [#"{"text":1}"#, "{}"] {
                let wrong = try await server.post("/search?top=", body)
                #expect(
                    wrong.status == 422 && wrong.text.contains(#""loc":["query","top"]"#),
                    "\(wrong.text)"
                )
                #expect(wrong.text.contains(#""loc":["body","text"]"#), "\(wrong.text)")
            }
        }
    }

    @Test(
        "What is wrong is told with its place",
        arguments: [
            ("top=0", "image/png", 422, #"{"type":"greater_than_equal","loc":["query","top"]"#),
            (
                "top=1001", "image/png", 422,
                #"["query","top"],"msg":"Input should be less than or equal to 1000""#
            ),
            ("top=five", "image/png", 422, "Input should be a valid integer"),
            (
                "min_score=", "image/png", 422,
                #"["query","min_score"],"msg":"Input should be a valid number""#
            ),
            ("min_score=nan", "image/png", 422, "Input should be a valid number"),
            ("min_score=1e400", "image/png", 422, "Input should be a finite number"),
            (
                "under=LONG", "image/png", 422,
                #"["query","under"],"msg":"String should have at most 4096 characters""#
            ),
            ("", "application/x-www-form-urlencoded", 400, "Send Content-Type: image/png."),
            ("", "text/plain", 400, "Send Content-Type: image/png."),
        ]
    )
    func mistakes(query: String, type: String, status: Int, words: String) async throws {
        try await serving { server in
            let answer = try await server.request(
                "POST",
                "/search?" + query.replacing("LONG", with: String(repeating: "%2F", count: 4097)),
                body: try Fixture.bytes("imaging/png-rgb.png"),
                fields: [("Content-Type", type)]
            )
            #expect(answer.status == status && answer.text.contains(words), "\(answer.status) \(answer.text)")
        }
    }

    @Test("A key stands in the head or the query, and nothing is told without one")
    func keys() async throws {
        let configure: (inout ServerConfiguration) -> Void = { $0.apiKeys = ["a-key-of-ours"] }
        try await LiveServer.with(configure: configure, pictures: { try await folder.search(by: $0) }) {
            server in
            let picture = try Fixture.bytes("imaging/png-rgb.png")
            for (query, fields, status) in [
                ("", [], 401), ("?top=0", [], 401), ("?api_key=another", [], 401),
                ("?api_key=a-key-of-ours", [], 200), ("?api_key=a-key-of-ours&top=0", [], 422),
                ("", [("Authorization", "Bearer a-key-of-ours")], 200),
            ] as [(String, [(String, String)], Int)] {
                for (type, whole) in [("image/png", status), ("text/plain", status == 401 ? 401 : 400)] {
                    let answer = try await server.request(
                        "POST",
                        "/search\(query)",
                        body: picture,
                        fields: [("Content-Type", type)] + fields
                    )
                    #expect(answer.status == whole, "\(query) \(type): \(answer.status) \(answer.text)")
                }
            }
        }
    }

    @Test("What is no picture, or none at all, is refused")
    func refusals() async throws {
        try await serving { server in
            for (body, status) in [([1, 2, 3] as [UInt8], 400), ([], 422)] {
                let answer = try await server.request(
                    "POST",
                    "/search",
                    body: body,
                    fields: [("Content-Type", "image/png")]
                )
                #expect(answer.status == status, "\(answer.text)")
            }
        }
    }
}
