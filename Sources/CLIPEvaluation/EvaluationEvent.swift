/// The events of an evaluation, in the order in which they happen.
public enum EvaluationEvent: Equatable, Sendable {
    /// The kinds of work; an evaluation may do the same kind several times.
    public enum Work: Equatable, Sendable {
        /// Texts are embedded.
        case texts
        /// Images are read, decoded and embedded.
        case images
        /// Images are ranked for captions, and captions for images.
        case rankings
    }

    /// Something is left out, or its result cannot be right.
    case notice(EvaluationNotice)
    /// Work on this many items begins.
    case began(Work, count: Int)
    /// This many of the items are done.
    case advanced(Work, done: Int)
    /// The work has ended, whether or not it was completed.
    case ended(Work)
}
