/// The merges of a byte-level vocabulary: which two tokens join to which, and which join first.
///
/// A flat table with open addressing, because every word asks it some dozens of times.
package struct BytePairMerges: Sendable {
    private static let noPair = UInt64.max

    /// Two token ids, the left one in the upper half.
    private var pairs: [UInt64]
    /// The merge's rank in the upper half, the token that it makes in the lower one.
    private var outcomes: [UInt64]
    private let shift: UInt64
    /// Odd and random, so that no file can be made whose pairs all fall on one place.
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

    /// Adds the merge of the next rank; false where the pair has one already.
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

    /// What is left of a word's tokens when nothing more can be merged.
    ///
    /// The merge of the lowest rank comes first, and of several places the leftmost. Takes time in proportion to
    /// n log n, for a word of n tokens.
    package func merged(_ word: [Int32]) -> [Int32] {
        guard word.count > 1 else { return word }
        var tokens = word
        // A doubly linked list through the places of `tokens`; a place that was merged away has no token.
        let end = word.count
        var next = Array(1...end)
        var previous = Array(-1..<(end - 1))
        // The rank in the upper half, the place in the lower one.
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
            // Out of date, where another merge took one of the two.
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

    /// Where the pair is, or would be.
    private func place(of pair: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: (pair &* multiplier) >> shift)
        while pairs[place] != pair, pairs[place] != Self.noPair { place = (place + 1) & (pairs.count - 1) }
        return place
    }

    private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
}
