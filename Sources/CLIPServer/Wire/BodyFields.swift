internal import CLIPJSON

/// Reads request bodies up to the object with the fields.
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

    /// The fields of a body.
    ///
    /// - Parameter problems: problems of the request beside its body, which are reported together with those of the
    ///   body.
    /// - Throws: 422 for a body that is absent, not announced as JSON, not JSON, or not an object; 400 for one that is
    ///   not text or exceeds the reader's limits.
    package static func read(
        of bytes: [UInt8],
        contentType: String?,
        beside problems: FieldProblems = FieldProblems()
    ) throws(APIError) -> FieldReader {
        var problems = problems
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
            // As on the reference server, this problem is reported alone: without a body nothing else is checked.
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
