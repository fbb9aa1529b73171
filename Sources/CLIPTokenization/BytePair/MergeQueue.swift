/// The possible merges of a word, in a binary heap with the smallest first.
struct MergeQueue<Candidate: Comparable> {
    private var heap: [Candidate] = []

    /// Adds a candidate without keeping the heap's order; `order()` has to follow.
    mutating func append(_ candidate: Candidate) {
        heap.append(candidate)
    }

    mutating func order() {
        heap.sort()
    }

    mutating func insert(_ candidate: Candidate) {
        heap.append(candidate)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> Candidate? {
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
        return first
    }
}
