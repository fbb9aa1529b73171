import Foundation
import Testing

/// The API's document as tests read it.
struct Schema {
    let text: String
    private let root: [String: Any]

    init(text bytes: [UInt8]) throws {
        text = String(decoding: bytes, as: UTF8.self)
        root = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    func object(_ name: String) throws -> [String: Any] { try #require(root[name] as? [String: Any]) }
    func list(_ name: String) throws -> [[String: Any]] { try #require(root[name] as? [[String: Any]]) }

    var operations: [(path: String, method: String, operation: [String: Any])] {
        (root["paths"] as? [String: [String: [String: Any]]] ?? [:]).flatMap { path, methods in
            methods.map { (path, $0.key, $0.value) }
        }.sorted { ($0.path, $0.method) < ($1.path, $1.method) }
    }

    /// What a reference stands for, with what stands beside it.
    func resolved(_ value: Any?) -> [String: Any] {
        guard let object = value as? [String: Any] else { return [:] }
        guard let reference = object["$ref"] as? String else { return object }
        var target: Any? = root
        for step in reference.dropFirst(2).split(separator: "/") {
            target = (target as? [String: Any])?[String(step)]
        }
        return resolved(target).merging(object.filter { $0.key != "$ref" }) { $1 }
    }

    /// What a body or an answer may be, by its kind.
    func contents(of part: Any?) -> [(kind: String, media: [String: Any])] {
        (resolved(part)["content"] as? [String: [String: Any]] ?? [:]).map { ($0.key, $0.value) }
    }

    /// An example: a value of JSON, or the address of a file.
    enum Example {
        case value(Any)
        case address(String)
    }

    func examples(of media: [String: Any]) -> [Example] {
        let named = (media["examples"] as? [String: [String: Any]] ?? [:]).values.compactMap { example in
            (example["externalValue"] as? String).map(Example.address) ?? example["value"].map(Example.value)
        }
        return named + [media["example"]].compactMap { $0.map(Example.value) }
    }

    /// The fields of an operation's bodies, those of inner objects too.
    func requestFields(of operation: [String: Any]) -> [(name: String, description: String?)] {
        let content = (operation["requestBody"] as? [String: Any])?["content"] as? [String: [String: Any]]
        return (content ?? [:]).values.flatMap { fields(of: $0["schema"]) }
    }

    private func fields(of schema: Any?) -> [(name: String, description: String?)] {
        let schema = resolved(schema)
        var found: [(name: String, description: String?)] = []
        for part in ["allOf", "anyOf", "oneOf"] {
            for inner in schema[part] as? [Any] ?? [] { found += fields(of: inner) }
        }
        for case let inner? in [schema["items"], schema["additionalProperties"]] {
            found += fields(of: inner)
        }
        for (name, field) in schema["properties"] as? [String: Any] ?? [:] where field is [String: Any] {
            let field = resolved(field)
            // What may only be null is there to say that another field comes instead, and a constant says itself.
            guard field["type"] as? String != "null" else { continue }
            found.append((name, field["const"].map { "Always \($0)." } ?? field["description"] as? String))
            found += fields(of: field)
        }
        return found
    }

    /// What of a value's names is not as a schema says: missing ones, and those that it does not have.
    func faults(of value: Any?, as schema: Any?, at place: String = "") -> [String] {
        let schema = resolved(schema)
        if let choices = (schema["anyOf"] ?? schema["oneOf"]) as? [Any], schema["properties"] == nil {
            let faults = choices.map { self.faults(of: value, as: $0, at: place) }
            return faults.contains([]) ? [] : faults.last ?? []
        }
        switch value {
        case let object as [String: Any]:
            let properties = schema["properties"] as? [String: Any] ?? [:]
            let required = Set(schema["required"] as? [String] ?? [])
            let isClosed = schema["additionalProperties"] as? Bool == false
            let others = isClosed ? Set(object.keys).subtracting(properties.keys) : []
            return required.subtracting(object.keys).map { "\(place).\($0) is missing" }
                + others.map { "\(place).\($0) is not described" }
                + object.flatMap { name, value in
                    properties[name].map { faults(of: value, as: $0, at: "\(place).\(name)") } ?? []
                }
        case let elements as [Any]:
            guard schema["items"] != nil else {
                return schema["type"] as? String == "object" ? ["\(place) is a list"] : []
            }
            return elements.prefix(4).flatMap { faults(of: $0, as: schema["items"], at: "\(place)[]") }
        default:
            let isObject = schema["type"] as? String == "object" || schema["type"] as? String == "array"
            return isObject ? ["\(place) is no \(schema["type"] ?? "")"] : []
        }
    }
}
