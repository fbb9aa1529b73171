/// The result of a retrieval.
public struct RetrievalReport: Equatable, Sendable {
    /// The fractions of queries whose answer is among the first 1, 5 and 10.
    public struct Recall: Equatable, Sendable {
        /// The fraction whose right answer is the first.
        public let at1: Double
        /// The fraction with a right answer among the first five.
        public let at5: Double
        /// The fraction with a right answer among the first ten.
        public let at10: Double

        /// - Parameter ranks: for each query how many wrong answers stand before the first right one.
        init(ranks: [Int]) {
            func fraction(below depth: Int) -> Double {
                Double(ranks.count { $0 < depth }) / Double(ranks.count)
            }
            at1 = fraction(below: 1)
            at5 = fraction(below: 5)
            at10 = fraction(below: 10)
        }
    }

    /// Pictures as queries: any caption of its own is right.
    public let imageToText: Recall
    /// Captions as queries: the picture it belongs to is right.
    public let textToImage: Recall
    /// Pictures that could be used.
    public let images: Int
    /// Captions of these that could be used.
    public let captions: Int
    /// How many of the captions were longer than the model reads.
    public let captionsCut: Int
    /// Rows of the captions file that took no part.
    public let skipped: Int
    /// The model, and the time that it took.
    public let figures: EvaluationFigures
}
