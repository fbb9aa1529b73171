import ArgumentParser
internal import CLIPEngine
internal import CLIPEvaluation
internal import CLIPFiles

/// `clip evaluate`: measures how well a model classifies pictures, or finds them by captions.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure a model on pictures of your own: zero-shot accuracy, or retrieval by captions.",
        discussion: """
            Examples:
              clip evaluate pets/                      one folder of pictures a class: pets/golden_retriever/*.jpg
              clip evaluate val/ --labels words.txt    folders named by number, with labels in a file
              clip evaluate Images/ --captions captions.txt
            """
    )

    @OptionGroup var options: ModelOptions

    @Argument(
        help: "A directory with a folder for each class; with --captions, the directory of the pictures."
    )
    var directory: String

    @Option(
        help:
            "A file of lines folder<tab>label, synonyms separated by ', '; '-' is standard input. By default a folder's name is its label, '_' as blanks."
    )
    var labels: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: "A sentence with {} where the label goes; repeat for more. Seven of OpenAI's by default."
    )
    var template: [String] = []

    @Option(
        help:
            "A CSV or TSV file with columns image and caption, '-' for standard input: measures retrieval instead."
    )
    var captions: String?

    @Option(help: "Takes the first so many files of each class, or pictures of the captions file.")
    var limit: Int?

    @Flag(help: "Tell the accuracy of each class too.")
    var perClass = false

    @Flag(help: "Print one JSON object instead of a summary.")
    var json = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1, not \(limit).") }
        if captions != nil, labels != nil || !template.isEmpty || perClass {
            throw ValidationError(
                "--labels, --template and --per-class are about classes, --captions has none."
            )
        }
    }

    func run() async throws {
        do {
            try await evaluate()
        } catch let error as EvaluationError {
            throw CommandFailure(error)
        }
    }

    private func evaluate() async throws {
        var environment = Environment()
        var configuration = options.engineConfiguration(&environment)
        // Further models would be loaded and never used.
        configuration.models = Array(configuration.models.prefix(1))
        let progress = EvaluationProgress()
        if let captions {
            let evaluation = try RetrievalEvaluation(
                directory: directory,
                captions: CaptionsFile(
                    contents: Terminal.textBytes(of: captions),
                    file: Terminal.name(of: captions),
                    limit: limit ?? .max
                )
            )
            let report = try await withEngine(configuration, options, environment) { engine in
                try await evaluation.report(by: engine, onEvent: progress.show)
            }
            try Terminal.write(line: json ? report.json : report.text)
        } else {
            let evaluation = try ZeroShotEvaluation(
                directory: directory,
                labels: labels.map { file in
                    try ClassLabels(contents: Terminal.textBytes(of: file), file: Terminal.name(of: file))
                } ?? ClassLabels(),
                templates: template.isEmpty
                    ? PromptTemplate.ensemble
                    : Terminal.templates(ofArguments: template),
                limit: limit ?? .max
            )
            let report = try await withEngine(configuration, options, environment) { engine in
                try await evaluation.report(by: engine, onEvent: progress.show)
            }
            try Terminal.write(line: json ? report.json(perClass: perClass) : report.text(perClass: perClass))
        }
    }
}
