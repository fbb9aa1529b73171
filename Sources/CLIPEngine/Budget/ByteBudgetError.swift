/// Why bytes were not reserved.
package enum ByteBudgetError: Error, Equatable, Sendable {
    /// More than the account ever has for that purpose.
    case tooLarge(bytes: Int, most: Int)
    /// What others hold was not given back in time.
    case noRoom
    /// The task that asked was cancelled.
    case cancelled
}
