/// What a sender's `Accept` field says it would like.
package enum AcceptField {
    /// Whether a web page is wanted rather than plain text, as by browsers; `*/*`, which curl sends, does not ask for one.
    package static func wantsPage(_ field: String?) -> Bool {
        guard let field else { return false }
        let page = quality(of: "text/html", in: field) ?? 0
        return page > 0 && page >= quality(of: "text/plain", in: field) ?? 0
    }

    /// How much a type is wanted that the field names, from 0 to 1; nil where it does not.
    private static func quality(of type: String, in field: String) -> Double? {
        for range in field.lowercased().split(separator: ",") {
            let parts = range.split(separator: ";").map { part in part.filter { $0 != " " && $0 != "\t" } }
            guard parts.first == type else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }
            return weight.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
        }
        return nil
    }
}
