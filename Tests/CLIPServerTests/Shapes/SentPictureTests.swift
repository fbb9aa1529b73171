import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("Pictures as bodies and in forms", .timeLimit(.minutes(2)))
struct SentPictureTests {
    private static let path = "/clip/embed_image"

    private func bytes(_ name: String = "photo.jpg") throws -> [UInt8] {
        try Array(#require(Data(base64Encoded: SmallModel.image(name))))
    }

    private func embeddings(_ answer: HTTPAnswer) throws -> [[Double]] {
        #expect(answer.status == 200, "\(answer.text)")
        return try #require(answer.json["embeddings"] as? [[Double]])
    }

    @Test("A picture by itself, in a form and in base64 has the same embedding")
    func sameEmbedding() async throws {
        try await LiveServer.with { server in
            let (first, second) = (try SmallModel.image(), try SmallModel.image("gif-animated.gif"))
            let pictures = [first, second].compactMap { Data(base64Encoded: $0).map(Array.init) }
            func declared(_ image: String) -> String { #"{"type":"base64","value":"\#(image)"}"# }
            let expected = try embeddings(
                await server.post(Self.path, #"{"image":[\#(declared(first)),\#(declared(second))]}"#)
            )
            for (picture, row) in zip(pictures, expected) {
                for type in ["image/jpeg", "image/x-whatever; a=b", "application/octet-stream"] {
                    let answer = try await server.request(
                        "POST",
                        Self.path,
                        body: picture,
                        fields: [("Content-Type", type)]
                    )
                    #expect(try embeddings(answer) == [row])
                }
            }
            for names in [["image", "image"], ["files", "File"], ["images", "image[]"]] {
                let form = SentForm.bytes(zip(names, pictures).map { ($0, $1) })
                let answer = try await server.request("POST", Self.path, body: form, fields: [SentForm.type])
                #expect(try embeddings(answer) == expected)
            }
        }
    }

    @Test("Other fields stand in the query, or in the form")
    func fields() async throws {
        try await LiveServer.with { server in
            let picture = try #require(Data(base64Encoded: SmallModel.image()).map(Array.init))
            let type = ("Content-Type", "image/jpeg")
            let raw = try await server.request(
                "POST",
                Self.path + "?clip_version_id=second&normalize=true&x=y",
                body: picture,
                fields: [type]
            )
            #expect(raw.fields["x-model-id"] == "clip/second")
            #expect(abs(try embeddings(raw)[0].reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
            let form = SentForm.bytes([
                ("normalize", Array("1".utf8)), ("image", picture), ("clip_version_id", Array("second".utf8)),
                ("other", [0, 255]),
            ])
            let inForm = try await server.request("POST", Self.path, body: form, fields: [SentForm.type])
            #expect(inForm.fields["x-model-id"] == "clip/second")
            #expect(try embeddings(inForm) == embeddings(raw))
            let wrong = try await server.request(
                "POST",
                Self.path + "?normalize=perhaps",
                body: picture,
                fields: [type]
            )
            #expect(wrong.status == 422)
            #expect(wrong.text.contains(#""loc":["query","normalize"]"#))
            let inJSON = try await server.post(Self.path, #"{"image":[],"normalize":[]}"#)
            #expect(inJSON.status == 422)
        }
    }

    @Test("The query's fields hold for JSON and forms, too, where these say nothing else")
    func query() async throws {
        try await LiveServer.with { server in
            let image = try SmallModel.image()
            let picture = #""image":{"type":"base64","value":"\#(image)"}"#
            let query = "?clip_version_id=second&normalize=true&api_key=x"
            for (path, fields) in [(Self.path, picture), ("/clip/embed_text", #""text":"a cat""#)] {
                let plain = try embeddings(await server.post(path, "{\(fields)}"))
                let unit = try embeddings(await server.post(path, #"{\#(fields),"normalize":true}"#))
                #expect(plain != unit)
                for nothing in ["", #","normalize":null,"clip_version_id":null"#] {
                    let answer = try await server.post(path + query, "{\(fields)\(nothing)}")
                    #expect(answer.fields["x-model-id"] == "clip/second")
                    #expect(try embeddings(answer) == unit)
                }
                let own = #","normalize":false,"clip_version_id":"tiny""#
                let answer = try await server.post(path + query, "{\(fields)\(own)}")
                #expect(answer.fields["x-model-id"] == "clip/tiny")
                #expect(try embeddings(answer) == plain)
                for (wrong, status) in [
                    ("normalize=perhaps", 422), ("truncate=2", 422), ("clip_version_id=a%20b", 400),
                    ("clip_version_id=none", 404),
                ] {
                    let answer = try await server.post(path + "?" + wrong, "{\(fields)}")
                    #expect(answer.status == status, "\(wrong): \(answer.text)")
                }
                let bad = try await server.post(path + "?clip_version_id=a%20b", "{\(fields)\(own)}")
                #expect(bad.status == 400, "\(bad.text)")
            }
            let decoded = try #require(Data(base64Encoded: image).map(Array.init))
            let form = SentForm.bytes([("image", decoded), ("normalize", Array("0".utf8))])
            let inForm = try await server.request(
                "POST",
                Self.path + query,
                body: form,
                fields: [SentForm.type]
            )
            #expect(inForm.fields["x-model-id"] == "clip/second")
            #expect(try embeddings(inForm) == embeddings(await server.post(Self.path, "{\(picture)}")))
            let compared = try await server.post(
                "/clip/compare?clip_version_id=second&truncate=1",
                #"{\#(picture.replacing("image", with: "subject", maxReplacements: 1)),"prompt":"\#(String(repeating: "a ", count: 200))"}"#
            )
            #expect(compared.status == 200 && compared.fields["x-model-id"] == "clip/second")
        }
    }

    @Test("Base64 where the bytes of a picture belong is told as what it is")
    func stillBase64() async throws {
        try await LiveServer.with { server in
            let image = try SmallModel.image()
            for content in [image, "data:image/jpeg;base64," + image] {
                for (body, type) in [
                    (SentForm.bytes([("image", Array(content.utf8))]), SentForm.type.1),
                    (Array(content.utf8), "image/jpeg"),
                ] {
                    let answer = try await server.request(
                        "POST",
                        Self.path,
                        body: body,
                        fields: [("Content-Type", type)]
                    )
                    #expect(answer.status == 400)
                    #expect(
                        answer.message?.contains("Send the picture's bytes, not base64.") == true,
                        "\(answer.text)"
                    )
                }
                let twice = Data(content.utf8).base64EncodedString()
                let answer = try await server.post(
                    Self.path,
                    #"{"image":{"type":"base64","value":"\#(twice)"}}"#
                )
                #expect(answer.message?.contains("within base64. Send JPEG") == true, "\(answer.text)")
            }
        }
    }

    @Test("A key stands in the head, or in the form")
    func keys() async throws {
        try await LiveServer.with {
            $0.apiKeys = ["a-key-for-tests"]
        } _: { server in
            let picture = try #require(Data(base64Encoded: SmallModel.image()).map(Array.init))
            let key = Array("a-key-for-tests".utf8)
            let raw = [("Content-Type", "image/jpeg")]
            for (body, fields, path, status) in [
                (picture, raw, Self.path, 401),
                (picture, raw + [("Authorization", "Bearer a-key-for-tests")], Self.path, 200),
                (picture, raw, Self.path + "?api_key=a-key-for-tests", 200),
                (SentForm.bytes([("image", picture)]), [SentForm.type], Self.path, 401),
                (SentForm.bytes([("image", picture), ("api_key", key)]), [SentForm.type], Self.path, 200),
                (SentForm.bytes([("image", picture), ("api_key", [1])]), [SentForm.type], Self.path, 401),
                // Who has no key learns nothing of what else is wrong.
                (Array("--".utf8), [SentForm.type], Self.path, 401),
            ] {
                let answer = try await server.request("POST", path, body: body, fields: fields)
                #expect(answer.status == status, "\(answer.text.prefix(200))")
            }
        }
    }

    @Test("What is no picture, and a form that is none, are the sender's fault")
    func faults() async throws {
        try await LiveServer.with { server in
            func answer(_ body: [UInt8], _ type: String) async throws -> HTTPAnswer {
                try await server.request("POST", Self.path, body: body, fields: [("Content-Type", type)])
            }
            #expect(try await answer([1, 2, 3], "image/png").status == 400)
            #expect(try await answer([], "image/png").status == 422)
            let undivided = try await answer([1], "multipart/form-data")
            #expect(undivided.status == 400 && undivided.text.contains("no boundary between its parts"))
            #expect(try await answer([1], "multipart/form-data; boundary=a").status == 400)
            #expect(try await answer(SentForm.bytes([]), SentForm.type.1).status == 422)
            #expect(try await answer(SentForm.bytes([("picture", [1])]), SentForm.type.1).status == 422)
            let damaged = try await answer(
                SentForm.bytes([
                    ("image", try #require(Data(base64Encoded: SmallModel.image()).map(Array.init))),
                    ("image", []),
                ]),
                SentForm.type.1
            )
            #expect(damaged.status == 400)
            #expect(damaged.text.contains("(image 2 of 2)"), "\(damaged.text)")
            for url in ["http://127.0.0.1:1/a.png", "HTTP://127.0.0.1:1/a.png", "Https://127.0.0.1:1/a.png"] {
                let local = try await answer(SentForm.bytes([("image", Array(url.utf8))]), SentForm.type.1)
                #expect(local.status == 400 && local.text.contains("not allowed"), "\(local.text)")
            }
        }
    }

    @Test("Who sends a picture without saying so is told which Content-Type to send")
    func unannounced() async throws {
        try await LiveServer.with { server in
            for (name, type) in [
                ("jpeg-baseline-420.jpg", "image/jpeg"), ("gif-animated.gif", "image/gif"),
                ("png-rgb.png", "image/png"),
            ] {
                let picture = try bytes(name)
                for fields in [[], [("Content-Type", "application/x-www-form-urlencoded")]] {
                    let answer = try await server.request("POST", Self.path, body: picture, fields: fields)
                    #expect(answer.status == 400)
                    #expect(
                        answer.message?.hasSuffix("Send Content-Type: \(type).") == true,
                        "\(answer.text)"
                    )
                }
            }
            // What is none is told of as before.
            let text = try await server.request("POST", Self.path, body: Array("{}".utf8))
            #expect(text.status == 422)
        }
    }

    @Test("URLs and data: URLs in capitals are pictures where a comparison has them, too")
    func capitals() async throws {
        try await LiveServer.with { server in
            let image = try SmallModel.image()
            func compare(_ picture: String) async throws -> HTTPAnswer {
                try await server.post(
                    "/clip/compare",
                    #"{"subject":"\#(picture)","prompt":"\#(image)","prompt_type":"image"}"#
                )
            }
            let same = try await compare("DATA:image/jpeg;base64," + image)
            let similarity = try #require(same.json["similarity"] as? [Double], "\(same.text)")
            #expect(similarity[0] > 0.9999)
            let url = try await compare("HTTPS://127.0.0.1:1/a.png")
            #expect(url.status == 400 && url.text.contains("not allowed"), "\(url.text)")
            let declared = try await server.post(
                Self.path,
                #"{"image":{"type":"base64","value":"DATA:image/jpeg;base64,\#(image)"}}"#
            )
            #expect(declared.status == 200)
        }
    }
}
