import ArgumentParser
internal import CLIPEngine

/// `clip evaluate`: how well a model tells classes apart, or finds pictures by captions.
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

    @Option(help: "A file of lines folder<tab>label; by default a folder's name is its label, '_' as blanks.")
    var labels: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: "A sentence with {} where the label goes; repeat for more. Seven of OpenAI's by default."
    )
    var template: [String] = []

    @Option(help: "A CSV or TSV file with columns image and caption: measures retrieval instead.")
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
        var environment = Environment()
        var configuration = options.engineConfiguration(&environment)
        // Others would be loaded and never asked.
        configuration.models = Array(configuration.models.prefix(1))
        if let captions {
            let name = Self.name(of: captions)
            let evaluation = try RetrievalEvaluation(
                directory: directory,
                captions: CaptionsFile(
                    contents: Self.contents(of: captions),
                    file: name,
                    limit: limit ?? .max
                ),
                file: name
            )
            let report = try await withModel(configuration, environment) { pipeline, model in
                try await evaluation.report(by: pipeline, model: model)
            }
            try Terminal.write(line: json ? report.json : report.text)
        } else {
            let evaluation = try ZeroShotEvaluation(
                directory: directory,
                labels: labels.map { file throws(CommandFailure) in
                    try ClassLabels(contents: Self.contents(of: file), file: Self.name(of: file))
                } ?? ClassLabels(),
                templates: template.isEmpty ? PromptTemplate.ensemble : template.map(PromptTemplate.init),
                limit: limit ?? .max
            )
            let report = try await withModel(configuration, environment) { pipeline, model in
                try await evaluation.report(by: pipeline, model: model)
            }
            try Terminal.write(line: json ? report.json(perClass: perClass) : report.text(perClass: perClass))
        }
    }

    private func withModel<Value>(
        _ configuration: EngineConfiguration,
        _ environment: Environment,
        _ body: (EmbeddingPipeline, ModelDescription) async throws -> Value
    ) async throws -> Value {
        try await withEngine(configuration, options, environment) { engine in
            let model = engine.models[0]
            // Told before thousands of captions are embedded for nothing.
            for tower in Tower.allCases where !model.towers.contains(tower) {
                throw EmbeddingError.noTower(tower, model: model.name)
            }
            let pipeline = EmbeddingPipeline(engine: engine, maxImageBytes: configuration.maxImageBytes)
            return try await body(pipeline, model)
        }
    }

    /// A text file's bytes; '-' is standard input.
    private static func contents(of file: String) throws(CommandFailure) -> [UInt8] {
        let bytes: [UInt8]
        do throws(CommandFailure) {
            bytes = try Terminal.contents(of: file, limit: Terminal.mostTextBytes)
        } catch {
            throw CommandFailure("\(name(of: file)): \(error)")
        }
        guard bytes.count <= Terminal.mostTextBytes else {
            throw CommandFailure("\(name(of: file)): The file has more than \(Terminal.mostTextBytes) bytes.")
        }
        return bytes
    }

    /// What a text file is called in complaints.
    private static func name(of file: String) -> String {
        file == "-" ? "standard input" : file.printable
    }
}
