/// What an evaluation tells on its way, in the order in which it happens.
public enum EvaluationEvent: Equatable, Sendable {
    /// What is worked on; an evaluation goes through the same kind of work several times.
    public enum Work: Equatable, Sendable {
        /// Texts are embedded.
        case texts
        /// Images are read, decoded and embedded.
        case images
        /// Images are ranked for captions, and captions for images.
        case rankings
    }

    /// Something takes no part, or cannot come out right.
    case notice(EvaluationNotice)
    /// Work on so many items begins.
    case began(Work, count: Int)
    /// So many of the items are done.
    case advanced(Work, done: Int)
    /// The work is over, done or given up.
    case ended(Work)
}
