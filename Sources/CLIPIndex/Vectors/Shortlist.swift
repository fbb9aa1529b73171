/// The rows that may be among the best for one query, by what their high bytes say.
///
/// These leave each score in doubt by a known error. A row is kept if the most that its score can be reaches the least that the
/// wanted number of others are known to have, so the best rows by the whole vectors are among those kept, whatever the vectors are.
package struct Shortlist: Sendable {
    package struct Candidate: Equatable, Sendable {
        package let row: Int
        /// The most that its score can be.
        package let most: Float
    }

    /// What a score must reach to be of interest.
    package private(set) var threshold: Float
    package private(set) var candidates: [Candidate] = []
    /// The greatest of the least scores; nil where all rows are wanted, so that no number of them raises the threshold.
    private var least: Greatest<Float>?
    /// How many candidates there may be before those are dropped that the threshold has left behind.
    private var limit: Int

    /// - Parameters:
    ///   - top: how many rows are wanted.
    ///   - minScore: what a score must be at least.
    package init(top: Int, minScore: Float) {
        least = top == .max ? nil : Greatest(top)
        threshold = minScore
        limit = Self.fewest
    }

    private static let fewest = 1024

    /// Looks at a row whose greatest score reaches the threshold.
    package mutating func add(row: Int, most: Float, least score: Float) {
        if candidates.count >= limit {
            prune()
            limit = max(Self.fewest, 2 * candidates.count)
        }
        candidates.append(Candidate(row: row, most: most))
        note(least: score)
    }

    /// Takes over what another thread found.
    package mutating func merge(_ other: Shortlist) {
        for score in other.least?.elements ?? [] { note(least: score) }
        threshold = max(threshold, other.threshold)
        candidates += other.candidates
        prune()
    }

    private mutating func prune() {
        candidates.removeAll { $0.most < threshold }
    }

    private mutating func note(least score: Float) {
        least?.insert(score)
        if let reached = least?.threshold { threshold = max(threshold, reached) }
    }
}
