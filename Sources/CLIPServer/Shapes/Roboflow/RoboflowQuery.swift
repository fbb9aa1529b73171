/// The query of a request that runs a model: what Roboflow's clients send along and, as an extension of our own, fields that the
/// body may have instead.
///
/// `api_key` and `service_secret` are accepted in any form and ignored, unknown ones too.
package struct RoboflowQuery: Sendable {
    /// What holds where the body says nothing of it.
    package let fields: CommonFields
    package let problems: FieldProblems

    /// Reads a query string such as `api_key=x&countinference=False&normalize=true`; of parameters of one name the last counts.
    package init(_ query: String?, family: ModelFamily) {
        var problems = Self.problems(in: query)
        var fields = CommonFields(family)
        for (name, value) in QueryParameters.pairs(of: query) {
            fields.set(name, to: value, family: family, &problems, in: "query")
        }
        (self.fields, self.problems) = (fields, problems)
    }

    /// What is wrong with a query string that has no such fields: only its boolean can be.
    package static func problems(in query: String?) -> FieldProblems {
        var problems = FieldProblems()
        let lastValue = QueryParameters.pairs(of: query).last { $0.name == "countinference" }?.value
        if let lastValue, case .failure(let refusal) = LaxBoolean.read(lastValue) {
            problems.add(refusal.kind, at: ["query", "countinference"])
        }
        return problems
    }
}

extension CommonFields {
    /// Takes a field that is a mere text, of a query or a form; unknown ones are passed over, as in a JSON body.
    mutating func set(
        _ name: String,
        to value: String,
        family: ModelFamily,
        _ problems: inout FieldProblems,
        in place: String
    ) {
        func boolean(_ present: Bool) -> Bool {
            switch LaxBoolean.read(value) {
            case .success(let flag): return flag
            case .failure(let refusal):
                problems.add(refusal.kind, at: [.name(place), .name(name)])
                return present
            }
        }
        switch name {
        case family.nameField: model = value
        case "normalize": normalizes = boolean(normalizes)
        case "truncate": truncates = boolean(truncates)
        default: break
        }
    }
}
