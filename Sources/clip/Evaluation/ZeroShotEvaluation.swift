internal import CLIPEngine

/// Classifies the pictures of class folders by the texts that describe the classes.
struct ZeroShotEvaluation {
    private let directory: String
    private let folders: ClassFolders
    private let names: [ClassLabels.Names]
    private let templates: [PromptTemplate]

    /// Reads the directory; no picture is opened yet.
    ///
    /// - Parameter limit: takes the first so many files of each class.
    init(
        directory: String,
        labels: ClassLabels,
        templates: [PromptTemplate],
        limit: Int
    ) throws(CommandFailure) {
        self.directory = directory
        self.templates = templates
        folders = try ClassFolders(directory: directory, limit: limit)
        names = try labels.names(of: folders.classes.map(\.folder))
    }

    /// Embeds the prompts, then the pictures, which are scored as they come and not kept.
    func report(by pipeline: EmbeddingPipeline, model: ModelDescription) async throws -> ZeroShotReport {
        var run = EvaluationRun(pipeline: pipeline, model: model)
        complainOfEmptyFolders()
        for item in folders.leftOut { run.leaveOut(item) }
        complainOfEqualLabels()

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

    private func complainOfEmptyFolders() {
        for folder in folders.empty.prefix(LeftOut.mostNamed) {
            Terminal.complain("\(folder.printable): This class folder is empty, and takes no part.\n")
        }
        let more = folders.empty.count - LeftOut.mostNamed
        if more > 0 {
            Terminal.complain("\(more) more class \(more == 1 ? "folder is" : "folders are") empty.\n")
        }
    }

    /// Classes that are called the same, in whatever order, always tie, so that neither is ever first.
    private func complainOfEqualLabels() {
        let groups = Dictionary(grouping: names.indices) { Set(names[$0]) }.values.filter { $0.count > 1 }
        for group in groups.sorted(by: { $0[0] < $1[0] }).prefix(LeftOut.mostNamed) {
            let listed = LeftOut.list(group.map { folders.classes[$0].folder })
            let label = names[group[0]].joined(separator: ", ").printable
            Terminal.complain(
                "\(listed): These classes have the same label, '\(label)': none of them can come first.\n"
            )
        }
        let more = groups.count - LeftOut.mostNamed
        if more > 0 {
            Terminal.complain(
                "\(more) more \(more == 1 ? "label is" : "labels are") shared by several classes.\n"
            )
        }
    }

    /// A row for each class.
    private func directions(by run: EvaluationRun) async throws -> EmbeddingTable {
        let prompts = ClassPrompts(names: names, templates: templates)
        var directions = ClassDirections(classes: names.count)
        try await run.embed(texts: prompts.texts) { index, result in
            switch result {
            case .success(let embedding):
                for place in prompts.classes[index] { directions.add(embedding, to: place) }
            case .failure(let fault):
                throw CommandFailure(
                    "The prompt '\(prompts.texts[index].printable)' cannot be used. "
                        + Self.sentence(for: fault)
                )
            }
        }
        return directions.table
    }

    private static func sentence(for fault: EmbeddingPipeline.Fault) -> String {
        guard case .refused(.textTooLong(_, let count, let limit)) = fault else { return fault.description }
        return "It has \(count) tokens; the model has \(limit) positions. Shorten the label or the template."
    }
}
