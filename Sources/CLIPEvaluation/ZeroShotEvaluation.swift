public import CLIPEngine

/// Classifies the pictures of class folders by texts that describe the classes, without training on them.
///
/// Each folder in the directory is a class. Every name of a class is put into every template; the class's direction is
/// the mean of these prompts' embeddings, and the classes are ranked by their cosine with a picture. OpenAI's CLIP does
/// the same (`notebooks/Prompt_Engineering_for_ImageNet.ipynb`).
public struct ZeroShotEvaluation: Sendable {
    private let directory: String
    private let folders: ClassFolders
    private let names: [ClassLabels.Names]
    private let templates: [PromptTemplate]

    /// Reads the directory; no picture is opened yet.
    ///
    /// - Parameters:
    ///   - directory: its path.
    ///   - labels: the labels of the classes; by default their folders' names, with '_' replaced by a blank.
    ///   - templates: the templates for the labels; by default seven of OpenAI's.
    ///   - limit: how many files of each class are taken.
    /// - Throws: an error if the directory cannot be read or has no class with a file, if a class has no label, or if
    ///   there is no template.
    public init(
        directory: String,
        labels: ClassLabels = ClassLabels(),
        templates: [PromptTemplate] = PromptTemplate.ensemble,
        limit: Int = .max
    ) throws(EvaluationError) {
        guard !templates.isEmpty else { throw .noTemplates }
        self.directory = directory
        self.templates = templates
        folders = try ClassFolders(directory: directory, limit: limit)
        names = try labels.names(of: folders.classes.map(\.folder))
    }

    /// Embeds the prompts, then the pictures, which are scored one by one and not kept.
    ///
    /// - Parameters:
    ///   - engine: an engine that has been started.
    ///   - model: the model's name; nil for the default one.
    ///   - onEvent: called with what is left out and with the progress, on any thread, never twice at once.
    /// - Throws: `engine` if the engine fails, `promptRefused` for a prompt that the model cannot read,
    ///   `nothingToEvaluate` if no picture can be used.
    public func report(
        by engine: EmbeddingEngine,
        model: String? = nil,
        onEvent: @escaping @Sendable (EvaluationEvent) -> Void = { _ in }
    ) async throws(EvaluationError) -> ZeroShotReport {
        var run = try await EvaluationRun(engine: engine, model: model, onEvent: onEvent)
        tellOfEmptyFolders(run)
        for item in folders.leftOut { run.leaveOut(item) }
        tellOfEqualLabels(run)

        let classes = try await directions(by: run)
        var score = ZeroShotScore(classes: folders.classes.count)
        let files = folders.classes.enumerated().flatMap { index, folder in
            folder.files.map { (path: $0, class: index) }
        }
        let images = files.map {
            EvaluationRun.ImageFile(path: "\(directory)/\($0.path)", name: $0.path, weight: 1)
        }
        try await run.embed(images: images) { index, embedding in
            var image = EmbeddingTable()
            image.append(embedding)
            score.add(scores: classes.cosines(to: image, 0), class: files[index].class)
        }
        try run.requireImages()
        return ZeroShotReport(
            score: score,
            classes: zip(folders.classes, names).map { ($0.folder, $1.joined(separator: ", ")) },
            emptyClasses: folders.empty,
            templates: templates.count,
            skipped: run.skipped,
            figures: run.figures
        )
    }

    private func tellOfEmptyFolders(_ run: EvaluationRun) {
        for folder in folders.empty.prefix(LeftOut.mostNamed) { run.tell(.notice(.emptyFolder(folder))) }
        let more = folders.empty.count - LeftOut.mostNamed
        if more > 0 { run.tell(.notice(.moreEmptyFolders(more))) }
    }

    /// Classes with the same names, in whatever order, always tie, so none of them is ever first.
    private func tellOfEqualLabels(_ run: EvaluationRun) {
        let groups = Dictionary(grouping: names.indices) { Set(names[$0]) }.values.filter { $0.count > 1 }
        for group in groups.sorted(by: { $0[0] < $1[0] }).prefix(LeftOut.mostNamed) {
            run.tell(
                .notice(
                    .equalLabels(
                        folders: group.map { folders.classes[$0].folder },
                        label: names[group[0]].joined(separator: ", ")
                    )
                )
            )
        }
        let more = groups.count - LeftOut.mostNamed
        if more > 0 { run.tell(.notice(.moreEqualLabels(more))) }
    }

    /// The directions of the classes, one row a class.
    private func directions(by run: EvaluationRun) async throws(EvaluationError) -> EmbeddingTable {
        let prompts = ClassPrompts(names: names, templates: templates)
        var directions = ClassDirections(classes: names.count)
        try await run.embed(texts: prompts.texts) { (index, result) throws(EvaluationError) in
            switch result {
            case .success(let embedding):
                for place in prompts.classes[index] { directions.add(embedding, to: place) }
            case .failure(let fault):
                throw .promptRefused(prompts.texts[index], cause: Self.sentence(for: fault))
            }
        }
        return directions.table
    }

    private static func sentence(for fault: EmbeddingPipeline.Fault) -> String {
        guard case .refused(.textTooLong(_, let count, let limit)) = fault else { return fault.description }
        return "It has \(count) tokens; the model has \(limit) positions. Shorten the label or the template."
    }
}
