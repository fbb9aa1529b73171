/// The tokens around those of a caption.
struct SequenceTemplate: Equatable, Sendable {
    /// Start-of-text and what else comes first.
    var before: [Int32] = []
    /// End-of-text and what else comes last.
    var after: [Int32] = []

    /// The number of them.
    var count: Int { before.count + after.count }

    /// What another puts around what this one made.
    func inside(_ other: SequenceTemplate) -> SequenceTemplate {
        SequenceTemplate(before: other.before + before, after: after + other.after)
    }
}
