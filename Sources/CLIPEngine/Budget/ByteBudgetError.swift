/// Why bytes were not reserved.
package enum ByteBudgetError: Error, Equatable, Sendable {
    /// The account never has so many bytes for that purpose.
    case tooLarge(bytes: Int, most: Int)
    /// Other holders did not give back enough in time.
    case noRoom
    /// The task that asked was cancelled.
    case cancelled
}
