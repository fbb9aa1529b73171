import CLIPEngine
import CLIPServer
import Foundation
import Testing

@Suite("The document of the API")
struct DocumentTests {
    /// The document of a server with the default limits, unless `change` changes them.
    private static func document(_ change: (inout DocumentFacts) -> Void = { _ in }) throws -> Schema {
        let source = ModelSource(name: "tiny", directory: try SmallModel.directory.get())
        let engine = try EmbeddingEngine(configuration: EngineConfiguration(models: [source], cores: 1))
        defer { engine.shutdown() }
        var facts = DocumentFacts(engine: engine, configuration: ServerConfiguration(), version: "1.2.3")
        change(&facts)
        let document = APIDocument(facts)
        #expect(document.problems == [], "The parts lie in Sources/CLIPServer/Document/Parts.")
        return try Schema(text: document.file.bytes)
    }

    @Test("Every route and method is described, and no other")
    func routes() throws {
        let paths = try Self.document().object("paths")
        #expect(Set(paths.keys) == Set(RouteTable.all.map(\.path)))
        for route in RouteTable.all {
            let operations = try #require(paths[route.path] as? [String: Any])
            #expect(Set(operations.keys) == Set(route.methods.map { $0.lowercased() }), "\(route.path)")
        }
    }

    @Test("Every operation has what a reader looks for, and a name of its own")
    func operations() throws {
        let document = try Self.document()
        let tags = Set(try document.list("tags").compactMap { $0["name"] as? String })
        var names: [String] = []
        for (path, method, operation) in document.operations {
            let place = "\(method) \(path)"
            for name in ["summary", "description"] {
                #expect((operation[name] as? String)?.isEmpty == false, "\(place) has no \(name).")
            }
            #expect(Set(operation["tags"] as? [String] ?? []).isSubset(of: tags), "\(place)")
            #expect((operation["tags"] as? [String])?.count == 1, "\(place)")
            names.append(operation["operationId"] as? String ?? "")
            #expect(operation["mistakes"] == nil, "\(place)")
        }
        #expect(Set(names).count == names.count)
    }

    @Test("Every kind of body has an example, and every kind of answer to what is right")
    func examples() throws {
        let document = try Self.document()
        var count = 0
        for (path, method, operation) in document.operations {
            let responses = operation["responses"] as? [String: Any]
            for part in [operation["requestBody"], responses?["200"]] {
                for (kind, media) in document.contents(of: part) {
                    #expect(
                        !document.examples(of: media).isEmpty,
                        "\(method) \(path) has no example of \(kind)."
                    )
                    count += 1
                }
            }
        }
        #expect(count > 50)
    }

    @Test("Every field is described in a sentence, unless its name and type say all")
    func descriptions() throws {
        let document = try Self.document()
        for (path, _, operation) in document.operations {
            for field in document.requestFields(of: operation) {
                #expect(field.description?.hasSuffix(".") == true, "\(field.name) of \(path)")
            }
        }
    }

    // MARK: Mistakes

    @Test("Whatever error can come on an occasion has its status there, in every form")
    func statuses() throws {
        let document = try Self.document()
        let samples = APIError.samples(try Self.facts())
        for (error, status, _) in APIErrorTests.cases {
            guard let occasion = error.occasion else { continue }
            let known = samples.filter { $0.error.occasion == occasion }.map { $0.error.status }
            #expect(known.contains(status), "No sample of \(occasion) has the status of \(error)")
        }
        for (path, method, operation) in document.operations {
            let responses = try #require(operation["responses"] as? [String: Any])
            #expect(responses["431"] != nil && responses["505"] != nil, "\(method) \(path)")
        }
    }

    @Test("A route's statuses are those of its purpose, its body and its work")
    func statusesOfRoutes() throws {
        let document = try Self.document()
        func statuses(_ method: String, _ path: String) -> Set<String> {
            let operation = document.operations.first { $0.path == path && $0.method == method }?.operation
            return Set((operation?["responses"] as? [String: Any] ?? [:]).keys)
        }
        let message: Set<String> = ["400", "413", "414", "431", "501", "505"]
        #expect(statuses("get", "/healthz") == message.union(["200", "503"]))
        #expect(statuses("get", "/.well-known/live") == message.union(["204", "503"]))
        #expect(statuses("get", "/info") == message.union(["200", "401", "503"]))
        #expect(statuses("get", "/docs") == message.union(["200", "304", "503"]))
        #expect(statuses("post", "/model/clear") == message.union(["200", "401", "403", "503"]))
        let work: Set<String> = [
            "200", "401", "403", "404", "408", "415", "429", "499", "500", "503", "507",
        ]
        #expect(statuses("post", "/clip/embed_image") == message.union(work).union(["422"]))
        // OpenAI has no 422; TEI has one for what is wrong with texts, and calls our own failures 424.
        #expect(statuses("post", "/v1/embeddings") == message.union(work))
        #expect(statuses("post", "/embed") == message.union(work).subtracting(["500"]).union(["422", "424"]))
    }

    @Test("countinference is described where it is read, and nowhere else")
    func countInference() throws {
        let document = try Self.document()
        let described = document.operations.filter { operation in
            (operation.operation["parameters"] as? [[String: Any]] ?? []).contains {
                document.resolved($0)["name"] as? String == "countinference"
            }
        }
        let read = RouteTable.all.map(\.path).filter {
            $0.hasPrefix("/clip/") || $0.hasPrefix("/perception_encoder/") || $0 == "/model/add"
        }
        #expect(Set(described.map(\.path)) == Set(read))
    }

    @Test("The server is where the document was read from, behind a proxy as well")
    func servers() throws {
        let url = try #require(try Self.document().list("servers")[0]["url"] as? String)
        let base = try #require(URL(string: "https://example.com/prefix/openapi.json"))
        #expect(URL(string: url, relativeTo: base)?.absoluteString == "https://example.com/prefix/")
    }

    @Test("Mistakes are shown in the form of their shape")
    func forms() throws {
        let document = try Self.document()
        for (form, path) in [
            ("PlainError", "/clip/compare"), ("OpenAIError", "/v1/embeddings"), ("TEIError", "/embed"),
            ("WeaviateError", "/vectorize"), ("OwnError", "/classify"),
            ("OwnError", "/search"),
        ] {
            let operation = try #require(document.operations.first { $0.path == path }?.operation)
            let responses = try #require(operation["responses"] as? [String: Any])
            let overloaded = document.resolved(responses["429"])
            let json = (overloaded["content"] as? [String: Any])?["application/json"] as? [String: Any]
            let schema = json?["schema"] as? [String: Any]
            #expect(schema?["$ref"] as? String == "#/components/schemas/\(form)")
            #expect((overloaded["headers"] as? [String: Any])?["retry-after"] != nil)
            for (name, example) in json?["examples"] as? [String: [String: Any]] ?? [:] {
                #expect(document.faults(of: example["value"], as: schema) == [], "\(name) of \(path)")
            }
        }
    }

    // MARK: Fields

    /// Names that the code of a shape reads as fields, and all words that stand in it or in what shapes share.
    private static func names(in folder: String) throws -> (read: Set<String>, written: Set<String>) {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Sources/CLIPServer"
        )
        func texts(_ path: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(
                at: sources.appending(path: path),
                includingPropertiesForKeys: nil
            )
            .filter { $0.pathExtension == "swift" && !$0.lastPathComponent.contains("Answers") }
            .map { try String(contentsOf: $0, encoding: .utf8) }
        }
        let own = try texts("Shapes/\(folder)")
        // `fields.text("model")`, `fields["input"]`, `object["type"]`, `list(fields, "texts")`, and the fields of forms.
        let reading =
            /(?:\bfields(?:\.\w+\(|\[|, )|\bobject\[|\bcase )"([a-z][a-z_]*)"|"([a-z_]+_version_id)"/
        let read = own.flatMap { $0.matches(of: reading).compactMap { $0.1 ?? $0.2 } }
        let written = try (own + texts("Wire")).flatMap { $0.matches(of: /"([a-z][a-z_]*)"/).map(\.1) }
        return (Set(read.map(String.init)), Set(written.map(String.init)))
    }

    @Test(
        "The fields that a shape's bodies read are those that are described",
        arguments: [
            ("Roboflow", "/clip/ /perception_encoder/ /model/"), ("Classification", "/classify"),
            ("ImageSearch", "/search"), ("OpenAI", "/v1/embeddings"),
            ("TEI", "/embed"), ("Weaviate", "/vectorize"),
        ]
    )
    func fields(folder: String, starts: String) throws {
        let document = try Self.document()
        let places = starts.split(separator: " ")
        let operations = document.operations.filter { operation in
            places.contains { $0.hasSuffix("/") ? operation.path.hasPrefix($0) : operation.path == $0 }
        }
        #expect(!operations.isEmpty)
        let fields = operations.flatMap { document.requestFields(of: $0.operation) }
        let (read, written) = try Self.names(in: folder)
        // Values of a field, not names: the types of a declared picture, and what stands for a prompt's or a subject's kind.
        let values: Set<String> = [
            "base64", "url", "numpy", "numpy_object", "file", "pil", "multipart", "validation",
        ]
        let names = Set(fields.map(\.name))
        #expect(read.subtracting(names).subtracting(values) == [], "read, and not described")
        for field in fields where !written.contains(field.name) {
            #expect(
                field.description?.hasPrefix("No effect") == true,
                "\(field.name) is described, and not read"
            )
        }
    }

    // MARK: What is in force

    private static func facts() throws -> DocumentFacts {
        let source = ModelSource(name: "tiny", directory: try SmallModel.directory.get())
        let engine = try EmbeddingEngine(configuration: EngineConfiguration(models: [source], cores: 1))
        defer { engine.shutdown() }
        return DocumentFacts(engine: engine, configuration: ServerConfiguration(), version: "1.2.3")
    }

    @Test("Limits are those in force, and no place is left unfilled")
    func limits() throws {
        let document = try Self.document { facts in
            facts.maxBatch = 3
            facts.maxTexts = 17
            facts.maxBodyBytes = 12_345
            facts.requestTime = .milliseconds(1500)
        }
        let schemas = try #require(try document.object("components")["schemas"] as? [String: Any])
        #expect("\(schemas["PicturesToEmbed"] ?? "")".contains("\"maxItems\": 3"))
        #expect("\(schemas["TEIRequest"] ?? "")".contains("\"maxItems\": 17"))
        let about = try #require(try document.object("info")["description"] as? String)
        for words in ["12345 bytes", "at most 3 pictures", "17 texts", "1.5 s", "tiny"] {
            #expect(about.contains(words), "\(words)")
        }
        let known: Set<String> = Set(
            RouteTable.all.compactMap { $0.path.split(separator: "{").last.map { "{\($0)" } }
        )
        for place in document.text.matches(of: /\{[a-zA-Z]+\}/) where !known.contains(String(place.0)) {
            Issue.record("\(place.0) is a place that nothing fills.")
        }
    }

    @Test("Keys are asked for where they are: none, the clients', the operators'")
    func security() throws {
        func schemes(_ path: String, _ change: (inout DocumentFacts) -> Void) throws -> [String] {
            let operations = try Self.document(change).operations
            let operation = try #require(operations.first { $0.path == path }?.operation)
            return try #require(operation["security"] as? [[String: Any]]).flatMap(\.keys)
        }
        #expect(try schemes("/clip/compare") { _ in } == [])
        #expect(try schemes("/clip/compare") { $0.asksForKeys = true } == ["bearer", "query"])
        #expect(try schemes("/docs") { $0.asksForKeys = true } == [])
        #expect(try schemes("/healthz") { $0.asksForKeys = true } == [])
        #expect(try schemes("/model/clear") { $0.asksForKeys = true } == ["bearer", "query"])
        #expect(
            try schemes("/model/clear") { $0.asksForManagementKeys = true } == [
                "managementBearer", "managementQuery",
            ]
        )
    }
}
