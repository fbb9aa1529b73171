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
        var candidates = MergeQueue()
        for left in 0..<(end - 1) {
            if let outcome = outcome(tokens[left], tokens[left + 1]) {
                candidates.append(rank: outcome >> 32, place: left)
            }
        }
        candidates.order()
        while let (rank, left) = candidates.popFirst() {
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
                    candidates.insert(rank: outcome >> 32, place: left)
                }
            }
            if previous[left] >= 0, let outcome = self.outcome(tokens[previous[left]], tokens[left]) {
                candidates.insert(rank: outcome >> 32, place: previous[left])
            }
        }
        return tokens.filter { $0 >= 0 }
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

/// The possible merges of a word, the one of the lowest rank first, then the leftmost: a binary heap.
private struct MergeQueue {
    /// The rank in the upper half, the place in the lower one.
    private var heap: [UInt64] = []

    /// Adds without keeping order; `order()` has to follow.
    mutating func append(rank: UInt64, place: Int) {
        heap.append(rank << 32 | UInt64(place))
    }

    mutating func order() {
        heap.sort()
    }

    mutating func insert(rank: UInt64, place: Int) {
        heap.append(rank << 32 | UInt64(place))
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> (rank: UInt64, place: Int)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var child = 2 * parent + 1
                guard child < heap.count else { break }
                if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
                guard heap[child] < heap[parent] else { break }
                heap.swapAt(child, parent)
                parent = child
            }
        }
        return (first >> 32, Int(first & 0xFFFF_FFFF))
    }
}
