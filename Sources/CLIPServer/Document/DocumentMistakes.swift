/// The answers that tell of mistakes, as the API's document has them: one for each status in each form.
struct DocumentMistakes {
    private let samples: [(name: String, error: APIError)]

    /// Of every answer.
    static let commonHeaders = [
        "x-request-id", "server", "server-timing", "x-inference-engine", "x-model-cold-start",
        "x-model-cold-start-count", "date", "vary",
    ]
    /// Of those that a model is behind.
    static let modelHeaders = ["x-model-id", "x-model-load-time", "x-model-load-details"]

    init(_ facts: DocumentFacts) {
        samples = APIError.samples(facts)
    }

    /// The statuses of what can go wrong on these occasions, in ascending order.
    func statuses(on occasions: Set<Occasion>, in form: ErrorForm) -> [Int] {
        let statuses = samples.filter { $0.error.occasion.map(occasions.contains) ?? false }.map {
            Self.form(of: $0.error, form).status($0.error)
        }
        return Set(statuses).sorted()
    }

    /// The name of the answer with this status among the components.
    func name(of status: Int, in form: ErrorForm) -> String {
        let isOfShape = samples.contains { _, error in
            let own = Self.form(of: error, form)
            return own.schema == form.schema && own.status(error) == status
        }
        return "\(isOfShape ? form.schema : ErrorForm.plain.schema)\(status)"
    }

    /// What is no request has no route, whose form it could have.
    private static func form(of error: APIError, _ form: ErrorForm) -> ErrorForm {
        error.occasion == .message ? .plain : form
    }

    /// Writes those answers that an operation has.
    ///
    /// - Parameter used: their names, with the occasions of the operations that have them.
    func write(_ used: [String: Set<Occasion>], to writer: inout JSONWriter) {
        var written: Set<String> = []
        writer.object { writer in
            for form in RouteTable.all.map(\.errors) {
                for status in statuses(on: Set(Occasion.allCases), in: form) {
                    let name = name(of: status, in: form)
                    guard let occasions = used[name], written.insert(name).inserted else { continue }
                    writer.member(name) { write(status, form, on: occasions, to: &$0) }
                }
            }
        }
    }

    private func write(
        _ status: Int,
        _ form: ErrorForm,
        on occasions: Set<Occasion>,
        to writer: inout JSONWriter
    ) {
        let told = samples.filter { _, error in
            Self.form(of: error, form).status(error) == status
                && error.occasion.map(occasions.contains) ?? false
        }
        var forms: [ErrorForm] = []
        for (_, error) in told {
            let form = Self.form(of: error, form)
            if !forms.contains(where: { $0.schema == form.schema }) { forms.append(form) }
        }
        writer.object { writer in
            writer.member("description", ServerResponse.reasons[status] ?? "")
            writer.member("headers") { writer in
                writer.object { writer in
                    writer.headers(Self.commonHeaders)
                    if status == 401 { writer.headers(["www-authenticate"]) }
                    if told.contains(where: { $0.error.retryAfter != nil }) {
                        writer.headers(["retry-after"])
                    }
                }
            }
            writer.member("content") { writer in
                writer.object { writer in
                    writer.member("application/json") { writer in
                        writer.object { writer in
                            writer.member("schema") { writeSchema(of: forms, to: &$0) }
                            writer.member("examples") { writer in
                                writer.object { writer in
                                    for (name, error) in told {
                                        writer.member(name) { writer in
                                            writeExample(error, form, to: &writer)
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private func writeSchema(of forms: [ErrorForm], to writer: inout JSONWriter) {
        guard forms.count > 1 else {
            for form in forms { writer.reference("schemas", form.schema) }
            return
        }
        writer.object { writer in
            writer.member("anyOf") { writer in
                writer.array { writer in
                    for form in forms { writer.reference("schemas", form.schema) }
                }
            }
        }
    }

    private func writeExample(_ error: APIError, _ form: ErrorForm, to writer: inout JSONWriter) {
        let body = Self.form(of: error, form).body(error)
        writer.object { $0.member("value") { $0.encoded(body) } }
    }
}
