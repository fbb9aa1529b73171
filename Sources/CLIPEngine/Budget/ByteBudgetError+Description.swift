extension ByteBudgetError: CustomStringConvertible {
    /// A sentence for the person who runs the program.
    package var description: String {
        switch self {
        case .tooLarge(let bytes, let most):
            "\(bytes) bytes are more than the \(most) that there are for it; --memory-budget is the account's size."
        case .noRoom:
            "What other requests hold was not given back in time; --memory-budget is the account's size."
        case .cancelled: "Whoever asked for the bytes has left."
        }
    }
}
