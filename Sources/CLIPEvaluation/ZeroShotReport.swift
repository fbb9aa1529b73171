/// The result of a classification.
public struct ZeroShotReport: Equatable, Sendable {
    /// The result for one class.
    public struct Class: Equatable, Sendable {
        /// The folder's name; bytes of it that are not UTF-8 appear as scalars from U+10F780 on.
        public let folder: String
        /// Its label, with commas between synonyms.
        public let label: String
        /// The number of pictures of this class that could be used.
        public let images: Int
        /// The fraction of them for which this class is ranked first; nil without pictures.
        public let top1: Double?
        /// The fraction of them for which this class is among the first five; nil without pictures.
        public let top5: Double?
        /// The wrong class that was most often ranked first; nil if none ever was.
        public let mostConfused: Confusion?
    }

    /// A wrong class that was ranked first.
    public struct Confusion: Equatable, Sendable {
        /// The folder of the wrong class.
        public let folder: String
        /// The label of the wrong class.
        public let label: String
        /// For how many pictures.
        public let images: Int
    }

    /// The fraction of pictures whose right class is ranked first.
    public let top1: Double
    /// The fraction of pictures whose right class is among the first five, or among all classes if there are fewer.
    public let top5: Double
    /// The number of pictures that could be used.
    public let images: Int
    /// The number of files that were left out.
    public let skipped: Int
    /// The classes, in the order of their folders' names.
    public let classes: [Class]
    /// Class folders without a file, which were not evaluated.
    public let emptyClasses: [String]
    /// The number of templates.
    public let templates: Int
    /// The model, and the time that it took.
    public let figures: EvaluationFigures

    /// - Parameter classes: the folder and label of each class of the score.
    init(
        score: ZeroShotScore,
        classes: [(folder: String, label: String)],
        emptyClasses: [String],
        templates: Int,
        skipped: Int,
        figures: EvaluationFigures
    ) {
        top1 = score.top1
        top5 = score.top5
        images = score.images
        self.skipped = skipped
        self.classes = zip(classes, score.tallies).map { entry, tally in
            Class(
                folder: entry.folder,
                label: entry.label,
                images: tally.images,
                top1: tally.top1,
                top5: tally.top5,
                mostConfused: tally.mostConfused.map {
                    Confusion(
                        folder: classes[$0.class].folder,
                        label: classes[$0.class].label,
                        images: $0.count
                    )
                }
            )
        }
        self.emptyClasses = emptyClasses
        self.templates = templates
        self.figures = figures
    }
}
