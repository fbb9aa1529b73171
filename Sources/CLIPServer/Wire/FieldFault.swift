/// What is wrong with a field of a body, for shapes that report the first mistake in a sentence.
package struct FieldFault: Equatable, Sendable {
    /// The field, such as `encoding_format`; nil for the whole body.
    package let field: String?
    /// What is wrong and what to do, without quoting what was sent.
    package let sentence: String

    package init(_ field: String?, _ sentence: String) {
        self.field = field
        self.sentence = sentence
    }
}
