internal import CLIPJSON

/// The query parameters that the CLIP routes know.
///
/// `api_key` and `service_secret` are accepted in any form and ignored, unknown ones too; only a boolean can
/// be wrong.
package enum QueryParameters {
    /// What is wrong with a query string such as `api_key=x&countinference=False`.
    package static func problems(in query: String?) -> FieldProblems {
        var problems = FieldProblems()
        let lastValue = pairs(of: query).last { $0.name == "countinference" }?.value
        if let lastValue, case .failure(let refusal) = LaxBoolean.read(lastValue) {
            problems.add(refusal.kind, at: ["query", "countinference"])
        }
        return problems
    }

    /// The names of a query with their values, in order.
    static func pairs(of query: String?) -> [(name: String, value: String)] {
        (query ?? "").split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                PercentEncoding.decoded(halves[0], isForm: true),
                halves.count > 1 ? PercentEncoding.decoded(halves[1], isForm: true) : ""
            )
        }
    }
}

/// Reads request bodies, up to the object whose fields a route wants.
package enum BodyFields {
    /// Whether a content type announces JSON: `application/json` or `application/…+json`, parameters aside.
    package static func isJSON(contentType: String?) -> Bool {
        guard let contentType,
            let media = contentType.split(separator: ";", omittingEmptySubsequences: false).first
        else { return false }
        let parts = media.lowercased().split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        let main = String(parts[0].drop { $0 == " " || $0 == "\t" })
        var sub = parts[1]
        while let last = sub.last, last == " " || last == "\t" { sub.removeLast() }
        return main == "application" && (sub == "json" || sub.hasSuffix("+json"))
    }

    /// The fields of a body, together with what is wrong with the query.
    ///
    /// - Throws: 422 for a body that is absent, not announced as JSON, not JSON, or not an object; 400 for one that is
    ///   not text or out of all bounds.
    package static func read(
        of bytes: [UInt8],
        contentType: String?,
        query: String?
    ) throws(APIError) -> FieldReader {
        var problems = QueryParameters.problems(in: query)
        guard !bytes.isEmpty else {
            problems.add(.missing, at: ["body"])
            throw .invalidFields(problems)
        }
        guard isJSON(contentType: contentType) else {
            problems.add(.notABody, at: ["body"])
            throw .invalidFields(problems)
        }
        let value: JSONValue
        do {
            value = try JSONDocument.read(bytes)
        } catch {
            // Told alone, as there: without a body nothing else is looked at.
            guard case .syntax(let reason, let position) = error else { throw .unreadableBody(error) }
            throw .invalidFields(
                FieldProblems([FieldProblem(.notJSON(reason: reason), at: ["body", .index(position)])])
            )
        }
        switch value {
        case .object(let object): return FieldReader(object, problems: problems)
        case .null: problems.add(.missing, at: ["body"])
        default: problems.add(.notABody, at: ["body"])
        }
        throw .invalidFields(problems)
    }
}
