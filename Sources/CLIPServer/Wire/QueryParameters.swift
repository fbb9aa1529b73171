/// The parameters of a query string such as `api_key=k&countinference=False`.
package enum QueryParameters {
    /// Names with their values, in order; those whose names are too long are passed over.
    package static func pairs(of query: String?) -> [(name: String, value: String)] {
        (query ?? "").split(separator: "&").compactMap { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = PercentEncoding.decoded(halves[0], isForm: true)
            guard FieldName.isShort(name) else { return nil }
            return (name, halves.count > 1 ? PercentEncoding.decoded(halves[1], isForm: true) : "")
        }
    }
}
