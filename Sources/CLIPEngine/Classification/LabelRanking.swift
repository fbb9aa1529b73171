internal import CLIPModels

/// Ranks the labels of a set by how well they fit embeddings.
package struct LabelRanking: Sendable {
    /// One row a label.
    let directions: EmbeddingTable
    let scoring: ScoreRule
    /// How many of the best labels are returned.
    let top: Int

    init(_ directions: EmbeddingTable, by scoring: ScoreRule, top: Int?) {
        self.directions = directions
        self.scoring = scoring
        self.top = min(directions.count, max(1, top ?? .max))
    }

    /// The best labels of each embedding.
    package func predictions(for embeddings: some Collection<Embedding>) -> [[Prediction]] {
        var items = EmbeddingTable()
        for embedding in embeddings { items.append(embedding) }
        let count = directions.count
        let all = directions.cosines(to: items)  // (items, labels)
        return (0..<items.count).map { item in
            let cosines = Array(all[item * count..<(item + 1) * count])
            let scores = scoring.scores(of: cosines)
            return Self.best(top, of: cosines).map {
                Prediction(label: $0, score: scores[$0], similarity: cosines[$0])
            }
        }
    }

    /// The places of the largest values, in descending order; equal values keep their order, and NaN comes last.
    package static func best(_ count: Int, of values: [Float]) -> [Int] {
        func isBefore(_ one: Int, _ other: Int) -> Bool {
            let (a, b) = (values[one], values[other])
            if a.isNaN || b.isNaN { return a.isNaN == b.isNaN ? one < other : b.isNaN }
            return a == b ? one < other : a > b
        }
        guard count * mostKept < values.count else {
            return Array(values.indices.sorted(by: isBefore).prefix(count))
        }
        // If only a few of many are wanted, most values are skipped after one comparison.
        var kept: [Int] = []
        kept.reserveCapacity(count + 1)
        for place in values.indices {
            if kept.count == count {
                guard let last = kept.last, isBefore(place, last) else { continue }
                kept.removeLast()
            }
            var (low, high) = (0, kept.count)
            while low < high {
                let middle = (low + high) / 2
                if isBefore(kept[middle], place) { low = middle + 1 } else { high = middle }
            }
            kept.insert(place, at: low)
        }
        return kept
    }

    /// If more than one in this many values is wanted, all values are sorted.
    private static let mostKept = 32

    /// Multiplications for one embedding.
    var work: Int { directions.count * directions.width }
}
