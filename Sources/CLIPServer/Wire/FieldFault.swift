/// What is wrong with a field of a body, where the shape's clients are told of the first mistake in a sentence.
package struct FieldFault: Equatable, Sendable {
    /// The field, such as `encoding_format`; nil where it is the body as a whole.
    package let field: String?
    /// What is wrong and what to do; repeats nothing of what was sent.
    package let sentence: String

    package init(_ field: String?, _ sentence: String) {
        self.field = field
        self.sentence = sentence
    }
}
