/// The symbols of a text while they are merged, as a doubly linked list through their places.
struct SymbolChain {
    /// A possible merge of two neighbours.
    struct Candidate: Comparable {
        /// The order of the merge in the upper half and the place of the left neighbour in the lower half.
        let order: UInt64
        /// A number that tells whether the neighbours are still those for which the merge was found.
        let outcome: Int32

        init(order: UInt32, place: Int, outcome: Int32) {
            self.order = UInt64(order) << 32 | UInt64(place)
            self.outcome = outcome
        }

        var place: Int { Int(order & 0xFFFF_FFFF) }

        static func < (one: Candidate, other: Candidate) -> Bool { one.order < other.order }
    }

    private var next: [Int32]
    private var previous: [Int32]
    private var isMerged: [Bool]

    init(count: Int) {
        next = (0..<count).map { $0 + 1 < count ? Int32($0 + 1) : -1 }
        previous = (0..<count).map { Int32($0 - 1) }
        isMerged = Array(repeating: false, count: count)
    }

    /// Merges neighbours until no merge is left, the smallest candidate first, in time proportional to n log n.
    ///
    /// - Parameters:
    ///   - candidate: the merge of the symbols at two places; nil if they do not merge.
    ///   - outcome: a number that identifies this merge's outcome; it is compared again just before the merge.
    ///   - merge: replaces the symbol at the first place by the merged one.
    mutating func merge(
        candidate: (_ left: Int, _ right: Int) -> Candidate?,
        outcome: (_ left: Int, _ right: Int) -> Int32?,
        merge: (_ left: Int, _ right: Int) -> Void
    ) {
        var queue = MergeQueue<Candidate>()
        for right in next.indices.dropFirst() {
            if let found = candidate(right - 1, right) { queue.append(found) }
        }
        queue.order()
        while let first = queue.popFirst() {
            let left = first.place
            let right = Int(next[left])
            // A candidate is out of date if another merge took one of its two symbols.
            guard !isMerged[left], right >= 0, outcome(left, right) == first.outcome else { continue }
            merge(left, right)
            isMerged[right] = true
            let following = next[right]
            next[left] = following
            if following >= 0 {
                previous[Int(following)] = Int32(left)
                if let found = candidate(left, Int(following)) { queue.insert(found) }
            }
            if previous[left] >= 0, let found = candidate(Int(previous[left]), left) { queue.insert(found) }
        }
    }

    /// The places of the remaining symbols, in order.
    var places: [Int] { isMerged.indices.filter { !isMerged[$0] } }
}
