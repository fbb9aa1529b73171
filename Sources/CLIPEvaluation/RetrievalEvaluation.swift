public import CLIPEngine
internal import CLIPFiles

/// Measures how well a model finds pictures by their captions, and captions by their pictures.
///
/// Every caption is ranked for each picture by the cosine, and every picture for each caption; a wrong answer with the
/// same cosine as the right one ranks before it.
public struct RetrievalEvaluation: Sendable {
    private let directory: String
    private let contents: CaptionsFile

    /// Prepares an evaluation; the directory must exist, but no picture is opened yet.
    ///
    /// - Parameters:
    ///   - directory: the directory that the pictures' paths are relative to.
    ///   - captions: the pictures and their captions.
    /// - Throws: an error if there is no such directory.
    public init(directory: String, captions: CaptionsFile) throws(EvaluationError) {
        self.directory = directory
        contents = captions
        try ClassFolders.requireFolder(directory)
    }

    /// Embeds the captions, then their pictures, and ranks all of them for each other.
    ///
    /// One embedding is kept in memory for each picture and each distinct text. Captions that are longer than the model
    /// allows are cut, as in reference implementations.
    ///
    /// - Parameters:
    ///   - engine: an engine that has been started.
    ///   - model: the model's name; nil for the default one.
    ///   - onEvent: called with what is left out and with the progress, on any thread, never twice at once.
    /// - Throws: `engine` if the engine fails, `nothingToEvaluate` if no picture can be used.
    public func report(
        by engine: EmbeddingEngine,
        model: String? = nil,
        onEvent: @escaping @Sendable (EvaluationEvent) -> Void = { _ in }
    ) async throws(EvaluationError) -> RetrievalReport {
        var run = try await EvaluationRun(engine: engine, model: model, onEvent: onEvent)
        for item in contents.leftOut { run.leaveOut(item) }
        let captions = captionsWithFiles(in: &run)
        let texts = try await embeddedTexts(of: captions, in: &run)

        let captionsOfImage = Dictionary(
            grouping: captions.filter { texts.rows[$0.text] != nil },
            by: \.image
        )
        let captionsOfFile = contents.images.indices.compactMap { captionsOfImage[$0] }
        let files = captionsOfFile.map(imageFile(of:))
        var images = EmbeddingTable()
        var pairs: [RetrievalScore.Pair] = []
        try await run.embed(images: files) { index, embedding in
            for caption in captionsOfFile[index] {
                guard let row = texts.rows[caption.text] else { continue }
                pairs.append(RetrievalScore.Pair(text: row, image: images.count))
            }
            images.append(embedding)
        }
        try run.requireImages()
        let score = score(images: images, texts: texts.table, pairs: pairs, onEvent: onEvent)
        return RetrievalReport(
            imageToText: score.imageToText,
            textToImage: score.textToImage,
            images: images.count,
            captions: pairs.count,
            captionsCut: pairs.count { texts.cut.contains($0.text) },
            skipped: run.skipped,
            figures: run.figures
        )
    }

    private func score(
        images: EmbeddingTable,
        texts: EmbeddingTable,
        pairs: [RetrievalScore.Pair],
        onEvent: (EvaluationEvent) -> Void
    ) -> RetrievalScore {
        onEvent(.began(.rankings, count: images.count))
        defer { onEvent(.ended(.rankings)) }
        var done = 0
        return RetrievalScore(images: images, texts: texts, pairs: pairs) {
            done += 1
            onEvent(.advanced(.rankings, done: done))
        }
    }

    /// The captions whose picture is a file; other pictures are left out with all of their captions.
    private func captionsWithFiles(in run: inout EvaluationRun) -> [CaptionsFile.Caption] {
        let captionsOfImage = Dictionary(grouping: contents.captions, by: \.image)
        var isFile = [Bool](repeating: true, count: contents.images.count)
        for image in contents.images.indices {
            guard let captions = captionsOfImage[image] else { continue }
            let file = imageFile(of: captions)
            guard let refusal = FileKind(at: file.path).refusal else { continue }
            isFile[image] = false
            run.leaveOut(LeftOut.Item(file.name, because: refusal), counting: file.weight)
        }
        return contents.captions.filter { isFile[$0.image] }
    }

    /// A picture, named by the first of its captions.
    private func imageFile(of captions: [CaptionsFile.Caption]) -> EvaluationRun.ImageFile {
        let image = contents.images[captions[0].image]
        return EvaluationRun.ImageFile(
            path: "\(directory)/\(image)",
            name: "\(contents.file), line \(captions[0].line), \(image)",
            weight: captions.count
        )
    }

    /// Embedded texts, each once.
    private struct EmbeddedTexts {
        var table = EmbeddingTable()
        /// The row of each text.
        var rows: [String: Int] = [:]
        /// The rows whose text was cut because it is longer than the model allows.
        var cut: Set<Int> = []

        mutating func append(_ embedding: Embedding, of text: String) {
            rows[text] = table.count
            table.append(embedding)
        }
    }

    /// Embeds each text once, so that equal captions get equal scores.
    ///
    /// Texts that are too long for the model are cut, as in reference implementations.
    private func embeddedTexts(
        of captions: [CaptionsFile.Caption],
        in run: inout EvaluationRun
    ) async throws(EvaluationError) -> EmbeddedTexts {
        let captionsOfText = Dictionary(grouping: captions, by: \.text)
        let texts = captions.filter { captionsOfText[$0.text]?[0] == $0 }.map(\.text)
        var embedded = EmbeddedTexts()
        var long: [String] = []
        var refused: [(text: String, fault: EmbeddingPipeline.Fault)] = []
        try await run.embed(texts: texts) { (index, result) throws(EvaluationError) in
            switch result {
            case .success(let embedding): embedded.append(embedding, of: texts[index])
            case .failure(.refused(.textTooLong)): long.append(texts[index])
            case .failure(let fault): refused.append((texts[index], fault))
            }
        }
        try await run.embed(texts: long, truncating: true) { (index, result) throws(EvaluationError) in
            switch result {
            case .success(let embedding):
                embedded.cut.insert(embedded.table.count)
                embedded.append(embedding, of: long[index])
            case .failure(let fault): refused.append((long[index], fault))
            }
        }
        for (text, fault) in refused {
            guard let captions = captionsOfText[text] else { continue }
            let item = LeftOut.Item("\(contents.file), line \(captions[0].line)", because: fault.description)
            run.leaveOut(item, counting: captions.count)
        }
        return embedded
    }
}
