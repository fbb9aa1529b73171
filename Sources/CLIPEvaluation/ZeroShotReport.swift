/// The result of a classification.
public struct ZeroShotReport: Equatable, Sendable {
    /// One class's part of it.
    public struct Class: Equatable, Sendable {
        /// The folder's name; bytes of it that are no UTF-8 are scalars from U+10F780 on.
        public let folder: String
        /// Its label, synonyms with commas between them.
        public let label: String
        /// Pictures of this class that could be used.
        public let images: Int
        /// The fraction of them whose first class is right; nil without pictures.
        public let top1: Double?
        /// The fraction of them with the right class among the first five; nil without pictures.
        public let top5: Double?
        /// The class that came first most often instead; nil if none ever did.
        public let mostConfused: Confusion?
    }

    /// A class that came first where another was right.
    public struct Confusion: Equatable, Sendable {
        /// The folder of the class that came first.
        public let folder: String
        /// The label of the class that came first.
        public let label: String
        /// How often.
        public let images: Int
    }

    /// The fraction of pictures whose first class is right.
    public let top1: Double
    /// The fraction of pictures with the right class among the first five, or among all classes where there are fewer.
    public let top5: Double
    /// Pictures that could be used.
    public let images: Int
    /// Files that were left out.
    public let skipped: Int
    /// The classes, in the order of their folders' names.
    public let classes: [Class]
    /// Class folders without a file, which took no part.
    public let emptyClasses: [String]
    /// How many templates each name was put into.
    public let templates: Int
    /// The model, and the time that it took.
    public let figures: EvaluationFigures

    /// - Parameter classes: folder and label of each class of the score.
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
