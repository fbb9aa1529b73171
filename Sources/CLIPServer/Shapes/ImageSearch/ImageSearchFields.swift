/// The fields of `POST /search` that say which pictures are told, as mere texts of a query or a form.
///
/// Unknown ones are passed over; of fields of one name the last counts.
package struct ImageSearchFields: Sendable {
    package private(set) var top: Int?
    package private(set) var minScore: Double?
    package private(set) var folder: String?
    package private(set) var problems = FieldProblems()

    /// Reads a query string such as `top=5&min_score=0.2&under=/photos`, whose fields hold where the body says nothing of them.
    package init(_ query: String?) {
        set(QueryParameters.pairs(of: query).reduce(into: [:]) { $0[$1.name] = $1.value }, in: "query")
    }

    /// Takes the fields of a form, or of a query, in the place of those that are there.
    mutating func set(_ values: [String: String], in place: String) {
        if let text = values["top"] {
            let number = FieldNumber.integer(FieldNumber.value(text), least: 1, most: ImageSearchBody.mostTop)
            top = problems.value(number, at: [.name(place), "top"])
        }
        if let text = values["min_score"] {
            minScore = problems.value(
                FieldNumber.finite(FieldNumber.value(text)),
                at: [.name(place), "min_score"]
            )
        }
        if let text = values["under"] {
            if text.utf8.count > ImageSearchBody.longestFolder {
                problems.add(.tooLong(most: ImageSearchBody.longestFolder), at: [.name(place), "under"])
            } else {
                folder = text
            }
        }
    }
}
