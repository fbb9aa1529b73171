/// The merges of a byte-level vocabulary: which two tokens join into which, and in what order of rank.
///
/// This is a flat table with open addressing, because every word looks into it dozens of times.
package struct BytePairMerges: Sendable {
    private static let noPair = UInt64.max

    /// The two token ids of each merge, the left one in the upper half.
    private var pairs: [UInt64]
    /// The merge's rank in the upper half and the token that it makes in the lower half.
    private var outcomes: [UInt64]
    private let shift: UInt64
    /// An odd random number, so that nobody can write a file whose pairs all fall into one slot.
    private let multiplier = UInt64.random(in: .min ... .max) | 1

    /// The number of merges.
    package private(set) var count = 0

    /// An empty table for this many merges.
    package init(capacity: Int) {
        var bits: UInt64 = 4
        while (1 << bits) < capacity * 2 { bits += 1 }
        pairs = Array(repeating: Self.noPair, count: 1 << bits)
        outcomes = Array(repeating: 0, count: 1 << bits)
        shift = 64 - bits
    }

    /// Adds the merge of the next rank; returns false if the pair already has one.
    package mutating func append(_ left: Int32, _ right: Int32, making token: Int32) -> Bool {
        precondition(count < pairs.count / 2, "The table was made for fewer merges.")
        let pair = Self.pair(left, right)
        let place = place(of: pair)
        guard pairs[place] == Self.noPair else { return false }
        pairs[place] = pair
        outcomes[place] = UInt64(count) << 32 | UInt64(UInt32(bitPattern: token))
        count += 1
        return true
    }

    /// The tokens of a word after all merges.
    ///
    /// The merge of the lowest rank comes first; if it fits at several places, the leftmost comes first. The time is
    /// proportional to n log n for a word of n tokens.
    package func merged(_ word: [Int32]) -> [Int32] {
        guard word.count > 1 else { return word }
        var tokens = word
        // A doubly linked list through the places of `tokens`; a place that was merged into its neighbour has no token.
        let end = word.count
        var next = Array(1...end)
        var previous = Array(-1..<(end - 1))
        // Each candidate has the rank in the upper half and the place in the lower half.
        var candidates = MergeQueue<UInt64>()
        for left in 0..<(end - 1) {
            if let outcome = outcome(tokens[left], tokens[left + 1]) {
                candidates.append(Self.candidate(outcome, at: left))
            }
        }
        candidates.order()
        while let candidate = candidates.popFirst() {
            let (rank, left) = (candidate >> 32, Int(candidate & 0xFFFF_FFFF))
            let right = next[left]
            // A candidate is out of date if another merge took one of its two tokens.
            guard tokens[left] >= 0, right < end, let outcome = outcome(tokens[left], tokens[right]),
                outcome >> 32 == rank
            else { continue }
            tokens[left] = Int32(truncatingIfNeeded: outcome)
            tokens[right] = -1
            next[left] = next[right]
            if next[right] < end {
                previous[next[right]] = left
                if let outcome = self.outcome(tokens[left], tokens[next[left]]) {
                    candidates.insert(Self.candidate(outcome, at: left))
                }
            }
            if previous[left] >= 0, let outcome = self.outcome(tokens[previous[left]], tokens[left]) {
                candidates.insert(Self.candidate(outcome, at: previous[left]))
            }
        }
        return tokens.filter { $0 >= 0 }
    }

    private static func candidate(_ outcome: UInt64, at place: Int) -> UInt64 {
        outcome & ~0xFFFF_FFFF | UInt64(place)
    }

    private func outcome(_ left: Int32, _ right: Int32) -> UInt64? {
        let pair = Self.pair(left, right)
        let place = place(of: pair)
        return pairs[place] == pair ? outcomes[place] : nil
    }

    /// The slot that holds the pair, or that it would take.
    private func place(of pair: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: (pair &* multiplier) >> shift)
        while pairs[place] != pair, pairs[place] != Self.noPair { place = (place + 1) & (pairs.count - 1) }
        return place
    }

    private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
}
