extension PatternError: CustomStringConvertible {
    /// A sentence for a person at the shell, with what to do.
    package var description: String {
        switch self {
        case .tooMany(let pattern, let limit):
            "The pattern \(pattern) stands for more than \(limit) names, or for very long ones. Give it in parts."
        case .tooDeep(let pattern, let limit):
            "The pattern \(pattern) has more than \(limit) braces within each other. Write it in a simpler way."
        }
    }
}
