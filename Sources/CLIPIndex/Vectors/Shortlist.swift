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
    private let top: Int
    package private(set) var candidates: [Candidate] = []
    /// The greatest of the least scores, the smallest of them first: a heap.
    private var least: [Float] = []
    /// How many candidates there may be before those are dropped that the threshold has left behind.
    private var limit: Int

    /// - Parameters:
    ///   - top: how many rows are wanted.
    ///   - minScore: what a score must be at least.
    package init(top: Int, minScore: Float) {
        self.top = top
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
        for score in other.least { note(least: score) }
        threshold = max(threshold, other.threshold)
        candidates += other.candidates
        prune()
    }

    private mutating func prune() {
        candidates.removeAll { $0.most < threshold }
    }

    private mutating func note(least score: Float) {
        if least.count < top {
            least.append(score)
            rise(from: least.count - 1)
        } else if score > least[0] {
            least[0] = score
            sink()
        } else {
            return
        }
        if least.count == top { threshold = max(threshold, least[0]) }
    }

    private mutating func rise(from place: Int) {
        var place = place
        while place > 0, least[place] < least[(place - 1) / 2] {
            least.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink() {
        var place = 0
        while true {
            var smallest = place
            for below in [2 * place + 1, 2 * place + 2]
            where below < least.count && least[below] < least[smallest] {
                smallest = below
            }
            guard smallest != place else { return }
            least.swapAt(place, smallest)
            place = smallest
        }
    }
}
