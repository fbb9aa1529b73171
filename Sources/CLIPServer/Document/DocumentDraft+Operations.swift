internal import CLIPJSON

/// One operation: what its part says, with what the route and its mistakes add.
extension DocumentDraft {
    /// - Parameter used: what the operation has of the answers that tell of mistakes is noted here.
    func write(
        _ operation: JSONObject,
        of route: Route,
        isHead: Bool,
        _ used: inout [String: Set<Occasion>],
        to writer: inout JSONWriter
    ) {
        let declared = (operation["mistakes"]?.elements ?? []).compactMap { $0.text.flatMap(Occasion.init) }
        let occasions = route.occasions.union(declared)
        let statuses = mistakes.statuses(on: occasions, in: route.errors)
        let own = operation["responses"]?.object ?? JSONObject()
        writer.object { writer in
            for member in operation.members {
                let name = member.name.string
                guard !["mistakes", "responses", "parameters"].contains(name) else { continue }
                writer.member(name) { writer in
                    switch (name, isHead, member.value.text) {
                    case ("operationId", true, let id?): writer.string(id + "Head")
                    case ("summary", true, let summary?): writer.string(summary + " (without the body)")
                    default: write(member.value, to: &writer)
                    }
                }
            }
            writer.member("parameters") { writer in
                writer.array { writer in
                    for parameter in operation["parameters"]?.elements ?? [] { write(parameter, to: &writer) }
                    for name in route.commonParameters { writer.reference("parameters", name) }
                }
            }
            writer.member("security") { writeSecurity(of: route, to: &$0) }
            writer.member("responses") { writer in
                writer.object { writer in
                    for response in own.members {
                        writer.member(response.name.string) { writer in
                            let hasModel = occasions.contains(.work)
                            writeAnswer(response.value, hasModel: hasModel, isHead: isHead, to: &writer)
                        }
                    }
                    for status in statuses where own[String(status)] == nil {
                        let name = mistakes.name(of: status, in: route.errors)
                        used[name, default: []].formUnion(occasions)
                        writer.member(String(status)) { $0.reference("responses", name) }
                    }
                }
            }
        }
    }

    private func writeAnswer(
        _ answer: JSONValue,
        hasModel: Bool,
        isHead: Bool,
        to writer: inout JSONWriter
    ) {
        writer.object { writer in
            for member in answer.object?.members ?? [] where !member.name.equals("headers") {
                if isHead, member.name.equals("content") { continue }
                writer.member(member.name.string) { write(member.value, to: &$0) }
            }
            writer.member("headers") { writer in
                writer.object { writer in
                    writer.headers(DocumentMistakes.commonHeaders)
                    if hasModel { writer.headers(DocumentMistakes.modelHeaders) }
                    for header in answer.object?["headers"]?.object?.members ?? [] {
                        writer.member(header.name.string) { write(header.value, to: &$0) }
                    }
                }
            }
        }
    }

    /// The keys that are asked for here: one of the entries is enough.
    private func writeSecurity(of route: Route, to writer: inout JSONWriter) {
        let schemes: [String] =
            if route.purpose == .management, facts.asksForManagementKeys {
                ["managementBearer", "managementQuery"]
            } else if route.purpose != .open, facts.asksForKeys {
                ["bearer", "query"]
            } else {
                []
            }
        writer.array { writer in
            for scheme in schemes {
                writer.object { $0.member(scheme) { $0.array { _ in } } }
            }
        }
    }
}

extension Route {
    /// When something can go wrong by the route alone.
    fileprivate var occasions: Set<Occasion> {
        var occasions: Set<Occasion> = [.message, wantsBody ? .body : .bodyless]
        if state == nil { occasions.insert(.time) }
        if purpose != .open { occasions.insert(.key) }
        if purpose == .management { occasions.insert(.management) }
        if purpose == .pictures { occasions.insert(.pictures) }
        return occasions
    }

    /// The parameters that every request of the route may have, by their names in the document.
    fileprivate var commonParameters: [String] {
        ["requestID", "traceParent"] + (state == nil ? ["requestTimeout"] : [])
    }
}

extension JSONWriter {
    /// An object that stands for a component.
    mutating func reference(_ kind: String, _ name: String) {
        object { $0.member("$ref", "#/components/\(kind)/\(name)") }
    }

    /// Header fields that are described among the components.
    mutating func headers(_ names: [String]) {
        for name in names {
            member(name) { $0.reference("headers", name) }
        }
    }
}
