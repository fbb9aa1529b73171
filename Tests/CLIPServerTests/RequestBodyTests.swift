import CLIPJSON
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

/// Bodies as JSON objects in Foundation's types, whose equality is deep.
private typealias Plain = NSObject

@Suite("Request bodies")
struct RequestBodyTests {
    @Test("Every body is taken or refused as the real server's own classes do it, in their words and order")
    func goldens() throws {
        let bytes = Data(try Fixture.bytes("wire/bodies.json"))
        let goldens = try #require(try JSONSerialization.jsonObject(with: bytes) as? [[String: Any]])
        #expect(goldens.count > 2000)
        for golden in goldens {
            let path = try #require(golden["path"] as? String)
            let body = try #require(golden["body"] as? String)
            // Absent stands for JSON, null for no content type at all.
            let contentType =
                golden.keys.contains("contentType") ? golden["contentType"] as? String : "application/json"
            do throws(APIError) {
                let read = try read(
                    path,
                    Array(body.utf8),
                    contentType: contentType,
                    query: golden["query"] as? String
                )
                let expected = expectedRead(golden["read"] as? [String: Any])
                #expect(read == expected, "\(path) \(body)")
            } catch {
                #expect(error.status == golden["status"] as? Int, "\(path) \(body)")
                #expect(withoutInput(error) == golden["answer"] as? Plain, "\(path) \(body)")
            }
        }
    }

    @Test("What was sent does not come back in an error")
    func noEcho() {
        for secret in ["\"sEcReT\"", "[\"sEcReT\"]", "{\"type\":7,\"value\":\"sEcReT\"}"] {
            let body = Array(
                "{\"image\":\(secret),\"clip_version_id\":[\"sEcReT\"],\"id\":[\"sEcReT\"]}".utf8
            )
            let error = #expect(throws: APIError.self) {
                try read(
                    "/clip/embed_image",
                    body,
                    contentType: "application/json",
                    query: "countinference=sEcReT"
                )
            }
            #expect(error.map { String(decoding: $0.body, as: UTF8.self).contains("sEcReT") } == false)
        }
    }

    @Test("An error says null for the input that the real server quotes")
    func input() throws {
        let error = #expect(throws: APIError.self) {
            try read(
                "/clip/embed_text",
                Array(#"{"text":1}"#.utf8),
                contentType: "application/json",
                query: nil
            )
        }
        let text = String(decoding: try #require(error).body, as: UTF8.self)
        #expect(
            text.hasPrefix(
                #"{"detail":[{"type":"list_type","loc":["body","text","list[str]"],"msg":"Input should be a valid list","input":null},"#
            )
        )
    }

    @Test("A million mistakes are told as a hundred")
    func manyProblems() {
        let body = "{\"text\":[" + String(repeating: "1,", count: 100_000) + "1]}"
        let error = #expect(throws: APIError.self) {
            try read("/clip/embed_text", Array(body.utf8), contentType: "application/json")
        }
        guard case .invalidFields(let problems) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(problems.entries.count == FieldProblems.limit)
    }

    @Test("A long name of a prompt comes back shortened")
    func longNames() throws {
        let body = "{\"subject\":\"a\",\"prompt\":{\"\(String(repeating: "n", count: 100_000))\":1}}"
        let error = #expect(throws: APIError.self) {
            try read("/clip/compare", Array(body.utf8), contentType: "application/json")
        }
        #expect(try #require(error).body.count < 2000)
    }

    @Test("`truncate` is a boolean that may be absent or null")
    func truncate() throws {
        for (value, expected) in [
            ("true", true), ("\"yes\"", true), ("1", true), ("false", false), ("null", false),
        ] {
            var fields = try BodyFields.read(
                of: Array("{\"text\":\"a\",\"truncate\":\(value)}".utf8),
                contentType: "application/json"
            )
            #expect(try EmbedTextBody(&fields).common.truncates == expected)
        }
        let error = #expect(throws: APIError.self) {
            try read(
                "/clip/embed_text",
                Array(#"{"text":1,"truncate":"x"}"#.utf8),
                contentType: "application/json",
                query: nil
            )
        }
        guard case .invalidFields(let problems) = error else { return }
        #expect(problems.entries.last == FieldProblem(.unreadableBoolean, at: ["body", "truncate"]))
    }

    @Test(
        "Bodies out of all bounds are no text to us",
        arguments: [
            (JSONError.notUTF8, 0xFF, "There was an error parsing the body"),
            (
                .tooDeep(limit: 128), 0x5B,
                "There was an error parsing the body: it is nested deeper than 128 levels. Send it flatter."
            ),
            (
                .numberTooLong(limit: 4300), 0x31,
                "There was an error parsing the body: a number has more than 4300 digits. Send it shorter."
            ),
        ]
    )
    func unreadable(cause: JSONError, byte: UInt8, text: String) throws {
        let body = Array(repeating: byte, count: 5000)
        let error = #expect(throws: APIError.unreadableBody(cause)) {
            try BodyFields.read(of: body, contentType: "application/json")
        }
        #expect(error?.status == 400)
        #expect(error?.content == .detail(text))
    }

    // MARK: The spelling of the goldens

    private func read(
        _ path: String,
        _ body: [UInt8],
        contentType: String?,
        query: String? = nil
    ) throws(APIError) -> Plain {
        var fields = try BodyFields.read(
            of: body,
            contentType: contentType,
            beside: RoboflowQuery.problems(in: query)
        )
        switch path {
        case "/clip/embed_image":
            let body = try EmbedImageBody(&fields)
            return plain([
                "clip_version_id": body.common.model, "image": body.declarations.map { plain(.image($0)) },
            ])
        case "/clip/embed_text":
            let body = try EmbedTextBody(&fields)
            return plain(["clip_version_id": body.common.model, "text": body.texts])
        case "/clip/compare":
            let body = try CompareBody(&fields)
            let prompts: Any =
                switch body.prompts {
                case .list(let items): items.map(plain)
                case .mapping(let members):
                    ["mapping": members.map { [$0.name.string, plain($0.item)] as [Any] }]
                }
            return plain([
                "clip_version_id": body.common.model, "subject": plain(body.subject),
                "subject_type": body.subjectType,
                "prompt": prompts, "prompt_type": body.promptType,
            ])
        default: return plain(["model_id": try ModelBody(&fields, isAddition: path == "/model/add").modelID])
        }
    }

    private func plain(_ item: CompareBody.Item) -> Any {
        switch item {
        case .text(let text): return text.string
        case .image(let declaration):
            let kind =
                switch declaration.value {
                case .string: "string"
                case .null: "null"
                default: "other"
                }
            return ["image": [declaration.type?.string ?? NSNull() as Any, kind]]
        }
    }

    private func plain(_ members: [String: Any?]) -> Plain {
        members.mapValues { $0 ?? NSNull() } as NSDictionary
    }

    /// What was read, with one item written as a list of one, and without the default model's name.
    private func expectedRead(_ golden: [String: Any]?) -> Plain? {
        guard var read = golden else { return nil }
        for name in ["image", "text", "prompt"] {
            guard let value = read[name], !(value is [Any]) else { continue }
            if let object = value as? [String: Any], object.keys.contains("mapping") { continue }
            read[name] = [value]
        }
        if read["clip_version_id"] as? String == "ViT-B-16" { read["clip_version_id"] = NSNull() }
        return read as NSDictionary
    }

    private func withoutInput(_ error: APIError) -> Plain? {
        let answer = try? JSONSerialization.jsonObject(with: Data(error.body))
        guard var object = answer as? [String: Any], let detail = object["detail"] as? [[String: Any]] else {
            return answer as? NSDictionary
        }
        object["detail"] = detail.map { entry in entry.filter { $0.key != "input" } }
        return object as NSDictionary
    }
}
