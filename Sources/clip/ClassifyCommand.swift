import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles
internal import Foundation

/// `clip classify`: the labels that fit image files or texts best.
struct ClassifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Tell which labels fit image files or texts best (zero-shot classification).",
        discussion: """
            Scores are the model's own: with CLIP they are shares of one among all labels, with SigLIP each label is judged by \
            itself.

            Examples:
              clip classify photo.jpg --labels "cat,dog,red bicycle"
              clip classify photos/*.jpg --labels 고양이,강아지 --top 1
              clip classify photo.jpg --labels-file labels.txt --template "a photo of a {}." --json
              clip classify --text "두 마리의 고양이" --labels animals,vehicles
            """
    )

    @OptionGroup var options: ModelOptions

    @Argument(help: "Image files; '-' is an image on standard input.")
    var images: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: "A text; repeat for more. '-' is standard input, a text a line, empty lines too."
    )
    var text: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Labels, separated by commas; repeat for more.", valueName: "label,...")
    )
    var labels: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file with a label a line; prompts of its own may follow a label, with tabs between. '-' is standard input.",
            valueName: "file"
        )
    )
    var labelsFile: String?

    @Option(
        name: [.customLong("template"), .customLong("templates")],
        parsing: .unconditionalSingleValue,
        help: "A sentence with {} where the label goes, such as 'a photo of a {}.'; repeat for more."
    )
    var template: [String] = []

    @Option(help: "How many labels are told of each input, the best first.")
    var top = 5

    @Flag(help: "Print one JSON object a line, for each input.")
    var json = false

    @Flag(help: "Cut texts that are too long, where they would be refused otherwise.")
    var truncate = false

    func validate() throws {
        if top < 1 { throw ValidationError("--top must be at least 1, not \(top).") }
        if labels.isEmpty == (labelsFile == nil) {
            throw ValidationError(
                labels.isEmpty
                    ? "There is no label: give some with --labels, or --labels-file."
                    : "--labels and --labels-file are two sets of labels. Give one of them."
            )
        }
        if [labelsFile == "-", images.contains("-"), text.contains("-")].count(where: { $0 }) > 1 {
            throw ValidationError("Standard input is only one of labels, image and texts.")
        }
    }

    func run() async throws {
        var environment = Environment()
        var configuration = options.engineConfiguration(&environment)
        // Further models would be loaded and never used.
        configuration.models = Array(configuration.models.prefix(1))
        let given =
            if let labelsFile {
                try Terminal.labels(ofFile: labelsFile)
            } else {
                try Terminal.labels(ofArguments: labels)
            }
        let labels = try Terminal.labelSet(given, templates: Terminal.templates(ofArguments: template))
        configuration.maxTexts = max(configuration.maxTexts, labels.promptCount)
        var texts: [String] = []
        for text in text {
            texts += text == "-" ? try Terminal.readLines() : [try Terminal.text(ofArgument: text)]
        }
        let inputs = images.map(EmbeddingPipeline.Input.image) + texts.map(EmbeddingPipeline.Input.text)
        guard !inputs.isEmpty else {
            throw ValidationError("Nothing to classify: name image files, or texts with --text.")
        }
        let failures = try await withEngine(configuration, options, environment) { engine in
            let ranking = try await ranking(labels, by: engine)
            return try await classify(inputs, by: EmbeddingPipeline(engine: engine), labels, ranking)
        }
        if failures > 0 { throw ExitCode.failure }
    }

    private func ranking(_ labels: LabelSet, by engine: EmbeddingEngine) async throws -> LabelRanking {
        do {
            return try await engine.ranking(of: labels, top: top, truncating: truncate)
        } catch EmbeddingError.label(let index, let error) {
            throw CommandFailure(
                "The label '\(labels.labels[index].name.printable)' cannot be used. \(CommandFailure(error.ofOneText))"
            )
        }
    }

    /// Writes the ranking of each input, in their order, and returns how many failed.
    private func classify(
        _ inputs: [EmbeddingPipeline.Input],
        by pipeline: EmbeddingPipeline,
        _ labels: LabelSet,
        _ ranking: LabelRanking
    ) async throws -> Int {
        var progress = ProgressLine(total: inputs.count, unit: "inputs")
        defer { progress.clear() }
        var failures = 0
        try await pipeline.embed(inputs, truncating: truncate) { index, result in
            progress.clear()
            let (kind, value) = inputs[index].label
            switch result {
            case .success(let embedding):
                let predictions = ranking.predictions(for: [embedding])[0]
                try Terminal.write(
                    line: json
                        ? Self.object(kind, value, predictions, labels)
                        : Self.lines(inputs.count > 1 ? value : nil, predictions, labels)
                )
            case .failure(let fault):
                failures += 1
                // An empty name would leave nothing before the colon.
                Terminal.complain("\(value.isEmpty ? "''" : value.printable): \(CommandFailure(fault))\n")
            }
            progress.advance()
        }
        return failures
    }

    private static func object(
        _ kind: String,
        _ value: String,
        _ predictions: [Prediction],
        _ labels: LabelSet
    ) -> String {
        let objects = predictions.map { prediction in
            "{\"label\":\(JSONText.string(labels.labels[prediction.label].name)),"
                + "\"score\":\(JSONText.number(prediction.score)),"
                + "\"similarity\":\(JSONText.number(prediction.similarity))}"
        }
        return "{\"\(kind)\":\(JSONText.string(value)),\"predictions\":[\(objects.joined(separator: ","))]}"
    }

    /// One line a label, under the input's name if there are several inputs.
    private static func lines(_ title: String?, _ predictions: [Prediction], _ labels: LabelSet) -> String {
        let lines = predictions.map { prediction in
            String(format: "%8.4f  ", prediction.score) + labels.labels[prediction.label].name.printable
        }
        return ((title.map { [$0.printable] } ?? []) + lines).joined(separator: "\n")
    }
}
