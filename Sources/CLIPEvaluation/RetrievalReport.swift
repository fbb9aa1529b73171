/// The result of a retrieval.
public struct RetrievalReport: Equatable, Sendable {
    /// The fractions of queries with a right answer among the first 1, 5 and 10.
    public struct Recall: Equatable, Sendable {
        /// The fraction whose right answer is the first.
        public let at1: Double
        /// The fraction with a right answer among the first five.
        public let at5: Double
        /// The fraction with a right answer among the first ten.
        public let at10: Double

        /// - Parameter ranks: for each query, how many wrong answers rank before the first right one.
        init(ranks: [Int]) {
            func fraction(below depth: Int) -> Double {
                Double(ranks.count { $0 < depth }) / Double(ranks.count)
            }
            at1 = fraction(below: 1)
            at5 = fraction(below: 5)
            at10 = fraction(below: 10)
        }
    }

    /// Pictures are the queries; any of a picture's captions is right.
    public let imageToText: Recall
    /// Captions are the queries; the caption's picture is right.
    public let textToImage: Recall
    /// The number of pictures that could be used.
    public let images: Int
    /// The number of their captions that could be used.
    public let captions: Int
    /// How many of the captions were cut because they are longer than the model allows.
    public let captionsCut: Int
    /// The number of rows of the captions file that were left out.
    public let skipped: Int
    /// The model, and the time that it took.
    public let figures: EvaluationFigures
}
