internal import CLIPEngine

/// The model's part of one evaluation: it embeds inputs and reports progress, names what is left out, and measures the
/// time.
struct EvaluationRun {
    private let pipeline: EmbeddingPipeline
    private let model: ModelDescription
    private let onEvent: @Sendable (EvaluationEvent) -> Void
    private let start: ContinuousClock.Instant
    private var leftOut = LeftOut()
    private var images = 0
    private var imageTime = Duration.zero

    /// Loads the model; the measured time begins when it is in memory.
    ///
    /// - Throws: `engine` if the model cannot be loaded or lacks a tower, before thousands of captions would be
    ///   embedded for nothing.
    init(
        engine: EmbeddingEngine,
        model name: String?,
        onEvent: @escaping @Sendable (EvaluationEvent) -> Void
    ) async throws(EvaluationError) {
        do throws(EmbeddingError) {
            model = try await engine.modelOfBothTowers(named: name)
        } catch {
            throw .engine(error)
        }
        pipeline = EmbeddingPipeline(engine: engine, model: name)
        self.onEvent = onEvent
        start = .now
    }

    /// The number of pictures or rows that have been left out so far.
    var skipped: Int { leftOut.count }

    /// Reports an event.
    func tell(_ event: EvaluationEvent) {
        onEvent(event)
    }

    /// Reports something that is left out, and counts it.
    ///
    /// - Parameter counting: how many pictures or rows it stands for.
    mutating func leaveOut(_ item: LeftOut.Item, counting: Int = 1) {
        if let notice = leftOut.add(item, counting: counting) { tell(.notice(notice)) }
    }

    /// Embeds texts in their order.
    ///
    /// - Parameters:
    ///   - truncating: whether texts that are too long are cut.
    ///   - receive: receives each text's index and its embedding, or the error that it got instead.
    /// - Throws: whatever `receive` throws, and failures that are not a text's fault.
    func embed(
        texts: [String],
        truncating: Bool = false,
        receive: (Int, Result<Embedding, EmbeddingPipeline.Fault>) throws(EvaluationError) -> Void
    ) async throws(EvaluationError) {
        tell(.began(.texts, count: texts.count))
        defer { tell(.ended(.texts)) }
        let inputs = texts.map(EmbeddingPipeline.Input.text)
        try await pipeline.embed(inputs, truncating: truncating) {
            (index, result) throws(EvaluationError) in
            if case .failure(let fault) = result, !fault.isTheInputs { throw EvaluationError(fault) }
            try receive(index, result)
            tell(.advanced(.texts, done: index + 1))
        }
    }

    /// A picture to embed.
    struct ImageFile {
        let path: String
        /// Its name if it is left out.
        let name: String
        /// How many pictures or rows it then stands for.
        let weight: Int
    }

    /// Embeds image files in their order, and leaves out those that cannot be used.
    ///
    /// - Parameter receive: receives the index and embedding of each of the others.
    /// - Throws: a failure that is not a file's fault.
    mutating func embed(
        images files: [ImageFile],
        receive: (Int, Embedding) -> Void
    ) async throws(EvaluationError) {
        let start = ContinuousClock.now
        let onEvent = onEvent
        onEvent(.began(.images, count: files.count))
        defer { onEvent(.ended(.images)) }
        var embedded = 0
        var leftOut = leftOut
        let inputs = files.map { EmbeddingPipeline.Input.image(file: $0.path) }
        try await pipeline.embed(inputs) { (index, result) throws(EvaluationError) in
            switch result {
            case .success(let embedding):
                embedded += 1
                receive(index, embedding)
            case .failure(let fault):
                guard fault.isTheInputs else { throw EvaluationError(fault) }
                let item = LeftOut.Item(files[index].name, because: fault.description)
                if let notice = leftOut.add(item, counting: files[index].weight) {
                    onEvent(.notice(notice))
                }
            }
            onEvent(.advanced(.images, done: index + 1))
        }
        self.leftOut = leftOut
        images += embedded
        imageTime += ContinuousClock.now - start
    }

    /// Reports how many were left out without being named, once all are embedded.
    ///
    /// - Throws: `nothingToEvaluate` if no picture was embedded.
    func requireImages() throws(EvaluationError) {
        if let notice = leftOut.remainder { tell(.notice(notice)) }
        guard images > 0 else { throw .nothingToEvaluate }
    }

    /// The figures of the run so far.
    var figures: EvaluationFigures {
        EvaluationFigures(
            model: model.name,
            precision: model.precision,
            seconds: (ContinuousClock.now - start) / .seconds(1),
            imagesPerSecond: Double(images) / max(imageTime / .seconds(1), 1e-6)
        )
    }
}
