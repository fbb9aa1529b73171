/// How often the right class of a picture is the first, or among the first few.
package struct ZeroShotScore: Sendable {
    /// One class's pictures.
    package struct Tally: Equatable, Sendable {
        /// Pictures of this class.
        package fileprivate(set) var images = 0
        /// Pictures whose first class is this one.
        package fileprivate(set) var first = 0
        /// Pictures with this class among the first `depth`.
        package fileprivate(set) var amongFirst = 0
        /// How often each other class came first instead.
        package fileprivate(set) var confusions: [Int: Int] = [:]

        /// The fraction of pictures whose first class is right; nil without pictures.
        package var top1: Double? { images > 0 ? Double(first) / Double(images) : nil }

        /// The fraction of pictures with the right class among the first `depth`; nil without pictures.
        package var top5: Double? { images > 0 ? Double(amongFirst) / Double(images) : nil }

        /// The wrong class that came first most often, of several the one that stands first; nil if none ever did.
        package var mostConfused: (class: Int, count: Int)? {
            confusions.min { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
        }
    }

    /// A tally for each class.
    package private(set) var tallies: [Tally]

    /// How many classes count as the first few: five, or all where there are fewer.
    package var depth: Int { min(5, tallies.count) }

    package init(classes: Int) {
        tallies = Array(repeating: Tally(), count: classes)
    }

    /// Counts a picture.
    ///
    /// A class that scores the same as the right one stands before it, so that a model which cannot tell classes apart
    /// is not given the point.
    ///
    /// - Parameters:
    ///   - scores: one a class; the greatest is the first. Another class's that is not a number ranks before
    ///     the right one; with the right class's own the picture counts as wrong, however few classes there are.
    ///   - class: the right one.
    package mutating func add(scores: [Float], class truth: Int) {
        precondition(scores.count == tallies.count, "Every class has a score.")
        // "Not less" rather than "greater or equal", so that NaN never helps.
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

    /// Pictures of all classes.
    package var images: Int { tallies.reduce(0) { $0 + $1.images } }

    /// The fraction of pictures whose first class is right.
    package var top1: Double { fraction(\.first) }

    /// The fraction of pictures with the right class among the first ``depth``.
    package var top5: Double { fraction(\.amongFirst) }

    private func fraction(_ part: (Tally) -> Int) -> Double {
        Double(tallies.reduce(0) { $0 + part($1) }) / Double(images)
    }
}
