internal import CLIPEngine

/// One evaluation's work with the model: embeds and tells how far it is, names what is left out, and takes the time.
struct EvaluationRun {
    private let pipeline: EmbeddingPipeline
    private let model: ModelDescription
    private let onEvent: @Sendable (EvaluationEvent) -> Void
    private let start: ContinuousClock.Instant
    private var leftOut = LeftOut()
    private var images = 0
    private var imageTime = Duration.zero

    /// Begins when the model is in memory.
    ///
    /// - Throws: `engine` for a model that cannot be had or lacks a tower: told before thousands of captions are embedded for
    ///   nothing.
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

    /// How many pictures or rows were left out until now.
    var skipped: Int { leftOut.count }

    /// Tells of something.
    func tell(_ event: EvaluationEvent) {
        onEvent(event)
    }

    /// Names something that takes no part, and counts it.
    ///
    /// - Parameter counting: how many it stands for.
    mutating func leaveOut(_ item: LeftOut.Item, counting: Int = 1) {
        if let notice = leftOut.add(item, counting: counting) { tell(.notice(notice)) }
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
        /// What it is called where it is left out.
        let name: String
        /// How many it then stands for.
        let weight: Int
    }

    /// Embeds image files in their order, and leaves out those that cannot be used.
    ///
    /// - Parameter receive: gets the place and embedding of each of the others.
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

    /// Tells how many were left out without a name, once all are embedded.
    ///
    /// - Throws: `nothingToEvaluate` if no picture was.
    func requireImages() throws(EvaluationError) {
        if let notice = leftOut.remainder { tell(.notice(notice)) }
        guard images > 0 else { throw .nothingToEvaluate }
    }

    /// What the run took until now.
    var figures: EvaluationFigures {
        EvaluationFigures(
            model: model.name,
            precision: model.precision,
            seconds: (ContinuousClock.now - start) / .seconds(1),
            imagesPerSecond: Double(images) / max(imageTime / .seconds(1), 1e-6)
        )
    }
}
