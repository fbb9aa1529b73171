/// The parameters of a query string such as `api_key=k&countinference=False`.
enum QueryParameters {
    /// Names with their values, in order.
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
