internal import CLIPEngine
internal import Foundation

/// One evaluation's work with the model: embeds with a progress line, names what is left out, and takes the time.
struct EvaluationRun {
    private let pipeline: EmbeddingPipeline
    private let model: ModelDescription
    private let start = ContinuousClock.now
    private var leftOut = LeftOut()
    private var images = 0
    private var imageTime = Duration.zero

    init(pipeline: EmbeddingPipeline, model: ModelDescription) {
        self.pipeline = pipeline
        self.model = model
    }

    /// How many pictures or rows were left out until now.
    var skipped: Int { leftOut.count }

    /// Names something that takes no part, and counts it.
    ///
    /// - Parameter counting: how many it stands for.
    mutating func leaveOut(_ item: LeftOut.Item, counting: Int = 1) {
        if let line = leftOut.add(item, counting: counting) { Terminal.complain(line) }
    }

    /// Embeds texts in their order.
    ///
    /// - Parameters:
    ///   - truncating: cuts texts that are too long.
    ///   - receive: gets each text's place and embedding, or why it has none.
    /// - Throws: what `receive` throws, and a failure that is not a text's fault.
    func embed(
        texts: [String],
        truncating: Bool = false,
        receive: (Int, Result<Embedding, EmbeddingPipeline.Fault>) throws -> Void
    ) async throws {
        var progress = ProgressLine(total: texts.count, unit: "texts")
        defer { progress.clear() }
        let inputs = texts.map(EmbeddingPipeline.Input.text)
        try await pipeline.embed(inputs, truncating: truncating) { index, result in
            if case .failure(let fault) = result, !fault.isTheInputs { throw fault.failure }
            try receive(index, result)
            progress.advance()
        }
    }

    /// A picture to embed.
    struct ImageFile {
        let path: String
        /// What it is called where it is left out.
        let name: String
        /// How many it then stands for.
        let weight: Int
    }

    /// Embeds image files in their order, and leaves out those that cannot be used.
    ///
    /// - Parameter receive: gets the place and embedding of each of the others.
    /// - Throws: a failure that is not a file's fault.
    mutating func embed(images files: [ImageFile], receive: (Int, Embedding) -> Void) async throws {
        let start = ContinuousClock.now
        var progress = ProgressLine(total: files.count, unit: "images")
        defer { progress.clear() }
        var embedded = 0
        var leftOut = leftOut
        let inputs = files.map { EmbeddingPipeline.Input.image(file: $0.path) }
        try await pipeline.embed(inputs) { index, result in
            switch result {
            case .success(let embedding):
                embedded += 1
                receive(index, embedding)
            case .failure(let fault):
                guard fault.isTheInputs else { throw fault.failure }
                let item = LeftOut.Item(files[index].name, because: fault.description)
                if let line = leftOut.add(item, counting: files[index].weight) {
                    progress.clear()
                    Terminal.complain(line)
                }
            }
            progress.advance()
        }
        self.leftOut = leftOut
        images += embedded
        imageTime += ContinuousClock.now - start
    }

    /// Says on standard error how many were left out without a name, once all are embedded.
    ///
    /// - Throws: a failure if no picture was.
    func requireImages() throws(CommandFailure) {
        if let line = leftOut.remainder { Terminal.complain(line) }
        guard images > 0 else {
            throw CommandFailure("There is nothing to evaluate: no image could be used.")
        }
    }

    /// What the run took until now.
    var figures: RunFigures {
        RunFigures(
            model: model.name,
            precision: model.precision.rawValue,
            seconds: (ContinuousClock.now - start) / .seconds(1),
            imagesPerSecond: Double(images) / max(imageTime / .seconds(1), 1e-6)
        )
    }
}

/// Who was evaluated and how long it took, for both kinds of evaluation.
struct RunFigures {
    let model: String
    let precision: String
    /// From the loaded model to the result.
    let seconds: Double
    /// Over the time that reading, decoding and embedding images took.
    let imagesPerSecond: Double

    /// The members of the result's JSON object.
    var json: String {
        """
        "model":\(JSONText.string(model)),"precision":\(JSONText.string(precision)),\
        "seconds":\(JSONText.number((seconds * 1000).rounded() / 1000)),\
        "images_per_second":\(JSONText.number((imagesPerSecond * 100).rounded() / 100))
        """
    }

    /// The lines of the result that a person reads.
    var text: String {
        """
        model   \(model) (\(precision))
        time    \(String(format: "%.1f s, %.1f images/s", seconds, imagesPerSecond))
        """
    }
}
