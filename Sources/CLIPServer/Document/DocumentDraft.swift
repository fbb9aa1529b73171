internal import CLIPJSON

/// The document while it is written.
struct DocumentDraft {
    let facts: DocumentFacts
    let mistakes: DocumentMistakes
    /// The part that has what stands above all paths, and components that are of no shape.
    private var overview = JSONObject()
    private var tags: [JSONValue] = []
    private var schemas: [JSONObject.Member] = []
    /// Operations as the parts have them, by method and path.
    private var operations: [String: JSONObject] = [:]
    private(set) var problems: [String] = []

    init(_ facts: DocumentFacts) {
        self.facts = facts
        mistakes = DocumentMistakes(facts)
        read(PackageResources.overview_json)
        for part in RouteTable.shapes.flatMap(\.parts) { read(part) }
        check()
    }

    private mutating func read(_ bytes: [UInt8]) {
        guard let part = (try? JSONDocument.read(bytes))?.object else {
            let beginning = String(decoding: bytes.prefix(80), as: UTF8.self)
            problems.append("What begins with '\(beginning)' is no JSON object.")
            return
        }
        if part["openapi"] != nil { overview = part }
        if let tag = part["tag"] { tags.append(tag) }
        schemas += part["schemas"]?.object?.members ?? []
        for path in part["paths"]?.object?.members ?? [] {
            for operation in path.value.object?.members ?? [] {
                let key = "\(operation.name.string.uppercased()) \(path.name.string)"
                operations[key] = operation.value.object
            }
        }
    }

    /// Holds the parts against the routes.
    private mutating func check() {
        var unknown = Set(operations.keys)
        for route in RouteTable.all {
            for method in route.methods where operation(method, at: route) == nil {
                problems.append(
                    "\(method) \(route.path) is not described in Sources/CLIPServer/Document/Parts."
                )
            }
            unknown.subtract(route.methods.map { "\($0) \(route.path)" })
        }
        for key in unknown.sorted() { problems.append("\(key) is described, and there is no such route.") }
    }

    /// What a part says of an operation; HEAD answers what GET does, without the body.
    private func operation(_ method: String, at route: Route) -> JSONObject? {
        operations["\(method) \(route.path)"] ?? (method == "HEAD" ? operations["GET \(route.path)"] : nil)
    }

    /// The text.
    func bytes() -> [UInt8] {
        var used: [String: Set<Occasion>] = [:]
        return JSONWriter.object { writer in
            for member in overview.members where !["components", "schemas"].contains(member.name.string) {
                writer.member(member.name.string) { write(member.value, to: &$0) }
            }
            writer.member("tags") { write(.array(tags), to: &$0) }
            writer.member("paths") { writer in
                writer.object { writer in
                    for route in RouteTable.all {
                        writer.member(route.path) { writePath(route, &used, to: &$0) }
                    }
                }
            }
            writer.member("components") { writeComponents(used, to: &$0) }
        }
    }

    private func writePath(
        _ route: Route,
        _ used: inout [String: Set<Occasion>],
        to writer: inout JSONWriter
    ) {
        writer.object { writer in
            for method in route.methods {
                guard let operation = operation(method, at: route) else { continue }
                writer.member(method.lowercased()) { writer in
                    write(operation, of: route, isHead: method == "HEAD", &used, to: &writer)
                }
            }
        }
    }

    private func writeComponents(_ used: [String: Set<Occasion>], to writer: inout JSONWriter) {
        writer.object { writer in
            for member in overview["components"]?.object?.members ?? [] {
                writer.member(member.name.string) { write(member.value, to: &$0) }
            }
            writer.member("schemas") { writer in
                writer.object { writer in
                    for schema in schemas {
                        writer.member(schema.name.string) { write(schema.value, to: &$0) }
                    }
                }
            }
            writer.member("responses") { mistakes.write(used, to: &$0) }
        }
    }

    /// A value of the parts, with what stands for its places.
    func write(_ value: JSONValue, to writer: inout JSONWriter) {
        writer.value(value) { text, writer in
            if let number = facts.numbers.first(where: { $0.place == text })?.number {
                return writer.integer(number)
            }
            var text = text
            if text.utf8.contains(UInt8(ascii: "{")) {
                for (place, word) in facts.words { text = text.replacing(place, with: word) }
            }
            writer.string(text)
        }
    }
}
