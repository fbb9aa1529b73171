/// The query parameters that Roboflow's clients send along.
///
/// `api_key` and `service_secret` are accepted in any form and ignored, unknown ones too; only a boolean can be wrong.
package enum RoboflowQuery {
    /// What is wrong with a query string such as `api_key=x&countinference=False`.
    package static func problems(in query: String?) -> FieldProblems {
        var problems = FieldProblems()
        let lastValue = QueryParameters.pairs(of: query).last { $0.name == "countinference" }?.value
        if let lastValue, case .failure(let refusal) = LaxBoolean.read(lastValue) {
            problems.add(refusal.kind, at: ["query", "countinference"])
        }
        return problems
    }
}
