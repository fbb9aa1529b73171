/// Reads the sender's `Accept` field.
package enum AcceptField {
    /// Whether a web page is preferred to plain text, as by browsers; `*/*`, which curl sends, does not ask for a page.
    package static func wantsPage(_ field: String?) -> Bool {
        guard let field else { return false }
        let page = quality(of: "text/html", in: field) ?? 0
        return page > 0 && page >= quality(of: "text/plain", in: field) ?? 0
    }

    /// The quality of a type in the field, from 0 to 1; nil if the field does not contain it.
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
