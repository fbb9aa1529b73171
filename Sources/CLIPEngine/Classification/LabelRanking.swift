internal import CLIPModels

/// Ranks the labels of a set by how well they fit embeddings.
package struct LabelRanking: Sendable {
    /// A row for each label.
    let directions: EmbeddingTable
    let scoring: ScoreRule
    /// How many of the best are wanted.
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

    /// The places of the greatest numbers, the greatest first, of equal ones the first; what is no number comes last.
    package static func best(_ count: Int, of values: [Float]) -> [Int] {
        func isBefore(_ one: Int, _ other: Int) -> Bool {
            let (a, b) = (values[one], values[other])
            if a.isNaN || b.isNaN { return a.isNaN == b.isNaN ? one < other : b.isNaN }
            return a == b ? one < other : a > b
        }
        guard count * mostKept < values.count else {
            return Array(values.indices.sorted(by: isBefore).prefix(count))
        }
        // Few of many: most numbers are passed over after one look.
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

    /// Where more than one of so many is wanted, all are sorted.
    private static let mostKept = 32

    /// Multiplications that an embedding takes.
    var work: Int { directions.count * directions.width }
}
