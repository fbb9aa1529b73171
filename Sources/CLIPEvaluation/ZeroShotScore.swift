/// How often a picture's right class is ranked first, or among the first few.
package struct ZeroShotScore: Sendable {
    /// The counts for the pictures of one class.
    package struct Tally: Equatable, Sendable {
        /// The number of pictures of this class.
        package fileprivate(set) var images = 0
        /// How many of them have this class ranked first.
        package fileprivate(set) var first = 0
        /// How many of them have this class among the first `depth`.
        package fileprivate(set) var amongFirst = 0
        /// How often each other class was ranked first instead.
        package fileprivate(set) var confusions: [Int: Int] = [:]

        /// The fraction of pictures with this class ranked first; nil without pictures.
        package var top1: Double? { images > 0 ? Double(first) / Double(images) : nil }

        /// The fraction of pictures with this class among the first `depth`; nil without pictures.
        package var top5: Double? { images > 0 ? Double(amongFirst) / Double(images) : nil }

        /// The wrong class that was ranked first most often, the first one if there are several; nil if none ever was.
        package var mostConfused: (class: Int, count: Int)? {
            confusions.min { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
        }
    }

    /// A tally for each class.
    package private(set) var tallies: [Tally]

    /// How many classes count as the first few: five, or all if there are fewer.
    package var depth: Int { min(5, tallies.count) }

    package init(classes: Int) {
        tallies = Array(repeating: Tally(), count: classes)
    }

    /// Counts a picture.
    ///
    /// A wrong class with the same score as the right one ranks before it, so a model that cannot tell classes apart
    /// gets no point.
    ///
    /// - Parameters:
    ///   - scores: one score a class; the highest is the first. A wrong class with NaN ranks before the right one; if
    ///     the right class's score is NaN, the picture counts as wrong, however few classes there are.
    ///   - class: the right class.
    package mutating func add(scores: [Float], class truth: Int) {
        precondition(scores.count == tallies.count, "Every class has a score.")
        // "Not less" instead of "greater or equal", so that NaN never helps.
        let ahead = scores.indices.filter { $0 != truth && !(scores[$0] < scores[truth]) }
        tallies[truth].images += 1
        if !scores[truth].isNaN {
            if ahead.isEmpty { tallies[truth].first += 1 }
            if ahead.count < depth { tallies[truth].amongFirst += 1 }
        }
        guard var winner = ahead.first else { return }
        for other in ahead where scores[other] > scores[winner] || scores[winner].isNaN { winner = other }
        tallies[truth].confusions[winner, default: 0] += 1
    }

    /// The number of pictures of all classes.
    package var images: Int { tallies.reduce(0) { $0 + $1.images } }

    /// The fraction of pictures whose right class is ranked first.
    package var top1: Double { fraction(\.first) }

    /// The fraction of pictures whose right class is among the first ``depth``.
    package var top5: Double { fraction(\.amongFirst) }

    private func fraction(_ part: (Tally) -> Int) -> Double {
        Double(tallies.reduce(0) { $0 + part($1) }) / Double(images)
    }
}
