/// The symbols of a text while they are being merged: a doubly linked list through their places.
struct SymbolChain {
    /// What merging two neighbours would be.
    struct Candidate: Comparable {
        /// The order of the merge in the upper half, the place of the left neighbour in the lower one.
        let order: UInt64
        /// What tells whether the neighbours are still those it was found for.
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

    /// Merges neighbours for as long as any can be, the smallest candidate first, in time proportional to n log n.
    ///
    /// - Parameters:
    ///   - candidate: what merging the symbols at two places would be; nil where they cannot be.
    ///   - outcome: the same as a number that tells other outcomes apart, asked once more before it is done.
    ///   - merge: makes the symbol at the first place the two together.
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
            // Out of date, where another merge took one of the two.
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

    /// The places of the symbols that are left, in order.
    var places: [Int] { isMerged.indices.filter { !isMerged[$0] } }
}
