/// The description of the API in the words of OpenAPI 3.1: what `/openapi.json` answers.
///
/// What people have to write stands in `Parts/`, a file or two a shape: summaries, bodies, examples. What the code knows better is
/// added here: paths and methods are those of ``RouteTable``, mistakes with their sentences and statuses those of ``APIError``
/// in each shape's ``ErrorForm``, keys and limits those in force.
package struct APIDocument: Sendable {
    /// The text.
    package let file: ServedFile
    /// What is not as it should be, in sentences; nothing of it in a program that is built right.
    package let problems: [String]

    package init(_ facts: DocumentFacts) {
        let draft = DocumentDraft(facts)
        file = ServedFile("openapi.json", "application/json", draft.bytes())
        problems = draft.problems
    }
}
