import CLIPEngine
import CLIPServer
import Foundation
import Testing

@Suite("Where the API is described")
struct DocumentRoutesTests {
    @Test("/openapi.json is there for everybody, and not sent to those who have it")
    func document() async throws {
        try await LiveServer.with(configure: { $0.apiKeys = ["key-of-a-client"] }) { server in
            let answer = try await server.request("GET", "/openapi.json")
            #expect(answer.status == 200)
            #expect(answer.fields["content-type"] == "application/json")
            #expect(answer.json["openapi"] as? String == "3.1.0")
            #expect(answer.body.count < 256 << 10)
            let tag = try #require(answer.fields["etag"])
            let head = try await server.request("HEAD", "/openapi.json")
            #expect(head.status == 200 && head.fields["etag"] == tag)
            #expect(head.fields["content-length"] == String(answer.body.count))
            let known = try await server.request("GET", "/openapi.json", fields: [("If-None-Match", tag)])
            #expect(known.status == 304 && known.body.isEmpty)
            #expect(known.fields["etag"] == tag)
        }
    }

    @Test("/docs is a page that runs and asks nothing but what this server sends")
    func page() async throws {
        try await LiveServer.with { server in
            let page = try await server.request("GET", "/docs")
            #expect(page.status == 200)
            #expect(page.fields["content-type"] == "text/html; charset=utf-8")
            #expect(
                page.fields["content-security-policy"]?.hasPrefix("default-src 'none'; script-src 'self'")
                    == true
            )
            #expect(!page.text.contains("<script>") && !page.text.contains("style="))
            // Its files stand beside it, wherever a proxy has put it: with a slash behind it they would be sought below.
            for (path, place) in [("/docs/", "../docs"), ("/docs//", "../../docs")] {
                let moved = try await server.request("GET", path)
                #expect(moved.status == 308 && moved.fields["location"] == place && moved.body.isEmpty)
            }
            for address in page.text.matches(of: /(?:href|src)="([a-z][^"#]*)"/).map(\.1) {
                #expect(try await server.request("GET", "/\(address)").status == 200, "\(address)")
            }
            for (name, type) in [("docs.css", "text/css"), ("docs.js", "text/javascript")] {
                for path in ["/docs/\(name)", "/docs/docs/\(name)"] {
                    let part = try await server.request("GET", path)
                    #expect(part.status == 200 && part.fields["content-type"] == "\(type); charset=utf-8")
                }
            }
            for path in ["/docs/none.js", "/docs/docs.html", "/docs/..%2Fdocs.css%00"] {
                #expect(try await server.request("GET", path).status == 404)
            }
            #expect(try await server.request("POST", "/docs").status == 405)
        }
        let size = ([DocumentRoutes.page] + DocumentRoutes.parts).reduce(0) { $0 + $1.bytes.count }
        #expect(size < 40 << 10)
    }

    @Test("Every example of a request is answered, and what is answered is as described")
    func examples() async throws {
        let folder = try PictureFolder()
        try await LiveServer.with(pictures: { try await folder.search(by: $0) }) { server in
            let document = try Schema(text: try await server.request("GET", "/openapi.json").body)
            for (path, method, operation) in document.operations where method != "head" {
                // A Perception Encoder is none of the models here.
                guard !path.hasPrefix("/perception_encoder/"), !path.hasPrefix("/model/") else { continue }
                let content = (operation["requestBody"] as? [String: Any])?["content"] as? [String: Any]
                let json = content?["application/json"] as? [String: Any]
                let named = json?["examples"] as? [String: [String: Any]]
                let bodies = (named?.values.map { $0["value"] } ?? []) + [json?["example"]]
                let target = path.replacing("{model}", with: "tiny")
                guard !target.hasSuffix("}") else { continue }
                for body in bodies.compactMap({ $0 }) {
                    let text = String(
                        decoding: try JSONSerialization.data(withJSONObject: body),
                        as: UTF8.self
                    )
                    let answer = try await server.post(target, text)
                    #expect(answer.status == 200, "\(target): \(answer.text.prefix(300))")
                    #expect(faults(of: answer, to: operation, document) == [], "\(target)")
                }
                if json == nil {
                    let answer = try await server.request(method.uppercased(), target)
                    #expect([200, 204].contains(answer.status), "\(target)")
                    #expect(faults(of: answer, to: operation, document) == [], "\(target)")
                }
            }
        }
    }

    @Test("Files and forms that stand as examples are there, are of the kind that is said, and are answered")
    func otherExamples() async throws {
        let folder = try PictureFolder()
        try await LiveServer.with(pictures: { try await folder.search(by: $0) }) { server in
            let document = try Schema(text: try await server.request("GET", "/openapi.json").body)
            var (sent, shown) = (0, 0)
            for (path, method, operation) in document.operations where method != "head" {
                for (kind, media) in document.contents(of: operation["requestBody"]) {
                    guard kind != "application/json", !path.hasPrefix("/perception_encoder/") else {
                        continue
                    }
                    for example in document.examples(of: media) {
                        let (body, type) = try await content(of: example, kind, server)
                        let answer = try await server.request(
                            "POST",
                            path,
                            body: body,
                            fields: [("Content-Type", type)]
                        )
                        #expect(answer.status == 200, "\(kind) of \(path): \(answer.text.prefix(300))")
                        sent += 1
                    }
                }
                let success = (operation["responses"] as? [String: Any])?["200"]
                for (kind, media) in document.contents(of: success) {
                    for case .address(let address) in document.examples(of: media) {
                        let file = try await file(address, kind, server)
                        #expect(file.status == 200, "\(address)")
                        #expect(file.fields["content-type"]?.hasPrefix(kind) == true, "\(address)")
                        shown += 1
                    }
                }
            }
            #expect(sent == 6 && shown > 5)
        }
    }

    /// What is at an address beside the document.
    private func file(_ address: String, _ kind: String, _ server: LiveServer) async throws -> HTTPAnswer {
        try await server.request("GET", address == "." ? "/" : "/\(address)", fields: [("Accept", kind)])
    }

    /// An example as it is sent, with its content type.
    private func content(
        of example: Schema.Example,
        _ kind: String,
        _ server: LiveServer
    ) async throws -> (body: [UInt8], type: String) {
        switch example {
        case .address(let address):
            let file = try await file(address, kind, server)
            let type = try #require(file.fields["content-type"])
            return (file.body, kind.hasSuffix("*") ? type : kind)
        case .value(let value):
            var text = ""
            for (name, field) in try #require(value as? [String: Any]) {
                for item in field as? [Any] ?? [field] {
                    text += "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(item)\r\n"
                }
            }
            return (Array("\(text)--b--\r\n".utf8), "\(kind); boundary=b")
        }
    }

    /// What of an answer's names and header fields is not as described.
    private func faults(of answer: HTTPAnswer, to operation: [String: Any], _ document: Schema) -> [String] {
        let responses = operation["responses"] as? [String: Any] ?? [:]
        let response = document.resolved(responses[String(answer.status)])
        let headers = response["headers"] as? [String: Any] ?? [:]
        let missing = headers.filter { name, header in
            document.resolved(header)["required"] as? Bool == true && answer.fields[name] == nil
        }
        let json = (response["content"] as? [String: Any])?["application/json"] as? [String: Any]
        let value = try? JSONSerialization.jsonObject(with: Data(answer.body), options: .fragmentsAllowed)
        return missing.keys.map { "The field \($0) is missing" }
            + (json == nil ? [] : document.faults(of: value, as: json?["schema"]))
    }
}
