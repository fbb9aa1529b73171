/// The query of `POST /search`: fields that hold where the body says nothing of them, as a picture by itself cannot.
///
/// Unknown parameters are passed over; of parameters of one name the last counts.
package struct ImageSearchQuery: Sendable {
    package private(set) var top: Int?
    package private(set) var minScore: Double?
    package private(set) var folder: String?
    package private(set) var problems = FieldProblems()

    /// Reads a query string such as `top=5&min_score=0.2&under=/photos`.
    package init(_ query: String?) {
        var values: [String: String] = [:]
        for (name, value) in QueryParameters.pairs(of: query) {
            values[name] = value
        }
        if let text = values["top"] {
            let number = FieldNumber.integer(FieldNumber.value(text), least: 1, most: ImageSearchBody.mostTop)
            top = problems.value(number, at: ["query", "top"])
        }
        if let text = values["min_score"] {
            minScore = problems.value(
                FieldNumber.finite(FieldNumber.value(text)),
                at: ["query", "min_score"]
            )
        }
        if let text = values["under"] {
            if text.utf8.count > ImageSearchBody.longestFolder {
                problems.add(.tooLong(most: ImageSearchBody.longestFolder), at: ["query", "under"])
            } else {
                folder = text
            }
        }
    }
}
