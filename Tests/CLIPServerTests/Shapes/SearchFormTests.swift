import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("A picture in a form as what is searched for", .timeLimit(.minutes(3)))
struct SearchFormTests {
    private typealias Parts = [(name: String, content: [UInt8])]

    private struct Found: Equatable {
        let id: Int?
        let score: Double?
    }

    private let folder: PictureFolder

    init() throws { folder = try PictureFolder() }

    private func serving(
        configure: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (LiveServer) async throws -> Void
    ) async throws {
        try await LiveServer.with(
            configure: configure,
            pictures: { try await folder.search(by: $0) },
            body
        )
    }

    private func send(
        _ parts: Parts,
        to server: LiveServer,
        query: String = "",
        fields: [(String, String)] = []
    ) async throws -> HTTPAnswer {
        try await server.request(
            "POST",
            "/search\(query)",
            body: SentForm.bytes(parts),
            fields: [SentForm.type] + fields
        )
    }

    private func picture(_ place: Int = 0) throws -> [UInt8] {
        try Fixture.bytes("imaging/\(PictureFolder.names[place])")
    }

    private func found(_ answer: HTTPAnswer) throws -> [Found] {
        #expect(answer.status == 200, "\(answer.text)")
        return try #require(answer.json["results"] as? [[String: Any]]).map { picture in
            Found(id: picture["id"] as? Int, score: picture["score"] as? Double)
        }
    }

    @Test("It finds what it finds as base64, alone and with a text")
    func finds() async throws {
        try await serving { server in
            let text = Array("고양이".utf8)
            for (place, name) in PictureFolder.names.enumerated() {
                let declared = #""image":{"type":"base64","value":"\#(try SmallModel.image(name))"}"#
                let alone = try found(try await server.post("/search", "{\(declared)}"))
                for field in ["image", "file", "images[]", "FILES"] {
                    let answer = try await send([(field, try picture(place))], to: server)
                    #expect(try found(answer) == alone, "\(field)")
                }
                let both = try found(try await server.post("/search", #"{"text":"고양이",\#(declared)}"#))
                #expect(both != alone)
                let parts: Parts = [("text", text), ("other", [0, 255]), ("image", try picture(place))]
                #expect(try found(try await send(parts, to: server)) == both)
            }
            let byText = try found(try await server.post("/search", #"{"text":"고양이"}"#))
            #expect(try found(try await send([("text", text)], to: server)) == byText)
        }
    }

    @Test("Its other fields come before those of the query, and of fields of one name the last counts")
    func fields() async throws {
        try await serving { server in
            for (query, fields, count) in [
                ("", [], 3), ("?top=1", [], 1), ("?top=1", [("top", "2")], 2),
                ("", [("top", "3"), ("top", "2.0")], 2), ("", [("min_score", "1.5e0")], 0),
                ("?min_score=1.5", [("min_score", "-1")], 3), ("?under=/etc", [], 0),
                ("", [("under", "/etc")], 0), ("?under=/etc", [("under", folder.path)], 3),
            ] as [(String, [(String, String)], Int)] {
                let parts = fields.map { (name: $0.0, content: Array($0.1.utf8)) }
                let answer = try await send([("image", try picture())] + parts, to: server, query: query)
                #expect(try found(answer).count == count, "\(query) \(fields)")
            }
        }
    }

    @Test("What is wrong is told with its place")
    func mistakes() async throws {
        let image = try picture()
        let cases: [(query: String, parts: Parts, status: Int, words: String)] = [
            ("", [], 422, #"{"type":"missing","loc":["body","image"]"#),
            ("", [("picture", [1])], 422, #"{"type":"missing","loc":["body","image"]"#),
            (
                "", [("image", image), ("file", image)], 422,
                "List should have at most 1 items after validation, not 2"
            ),
            (
                "", [("image", image), ("top", Array("five".utf8))], 422,
                #"{"type":"int_type","loc":["body","top"]"#
            ),
            ("", [("image", image), ("top", [255])], 422, #"{"type":"int_type","loc":["body","top"]"#),
            (
                "", [("image", image), ("min_score", [])], 422,
                #"{"type":"float_type","loc":["body","min_score"]"#
            ),
            (
                "", [("image", image), ("under", [UInt8](repeating: 0x2F, count: 4097))], 422,
                #"["body","under"],"msg":"String should have at most 4096 characters""#
            ),
            ("?top=0", [("image", image), ("top", [0x35])], 422, #""loc":["query","top"]"#),
            ("?top=0", [], 422, #""loc":["query","top"]"#),
            ("?top=0", [], 422, #""loc":["body","image"]"#),
            ("", [("image", [1, 2, 3])], 400, "no picture of a format that is read here"),
            (
                "", [("image", Array(try SmallModel.image().utf8))], 400,
                "Send the picture's bytes, not base64."
            ),
            ("", [("image", Array("http://127.0.0.1:1/a.png".utf8))], 400, "not allowed"),
            ("", [("image", [1, 2, 3]), ("text", [0x61])], 400, "(image)"),
            (
                "", [("image", image), ("text", Array(String(repeating: "cat ", count: 100).utf8))], 400,
                "(text)"
            ),
        ]
        try await serving { server in
            for (query, parts, status, words) in cases {
                let answer = try await send(parts, to: server, query: query)
                #expect(
                    answer.status == status && answer.text.contains(words),
                    "\(query) \(words): \(answer.status) \(answer.text)"
                )
            }
            for type in ["multipart/form-data", "multipart/form-data; boundary=other"] {
                let answer = try await server.request(
                    "POST",
                    "/search",
                    body: SentForm.bytes([("image", image)]),
                    fields: [("Content-Type", type)]
                )
                #expect(answer.status == 400 && answer.text.contains("boundary"), "\(answer.text)")
            }
        }
    }

    @Test("A key may stand in the form, and nothing is told without one, nor to pages of other sites")
    func access() async throws {
        let image = (name: "image", content: try picture())
        let key = (name: "api_key", content: Array("a-key-of-ours".utf8))
        let cases: [(parts: Parts, fields: [(String, String)], status: Int)] = [
            ([image], [], 401), ([image, ("api_key", [1])], [], 401), ([], [], 401),
            ([image, key], [], 200), ([key], [], 422),
            ([image], [("Authorization", "Bearer a-key-of-ours")], 200),
            ([image, key], [("Origin", "https://a.example")], 403),
        ]
        try await serving(configure: { $0.apiKeys = ["a-key-of-ours"] }) { server in
            for (parts, fields, status) in cases {
                let answer = try await send(parts, to: server, fields: fields)
                #expect(answer.status == status, "\(parts.map(\.name)) \(fields): \(answer.text)")
            }
            let undivided = try await server.request(
                "POST",
                "/search",
                body: [1],
                fields: [("Content-Type", "multipart/form-data")]
            )
            #expect(undivided.status == 401)
        }
    }
}
