/// The tokens around those of a caption.
struct SequenceTemplate: Equatable, Sendable {
    /// The tokens before the caption's, such as start-of-text.
    var before: [Int32] = []
    /// The tokens after the caption's, such as end-of-text.
    var after: [Int32] = []

    /// The number of tokens around a caption.
    var count: Int { before.count + after.count }

    /// This template with the other one around it.
    func inside(_ other: SequenceTemplate) -> SequenceTemplate {
        SequenceTemplate(before: other.before + before, after: after + other.after)
    }
}
