import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles
internal import CLIPServer
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
        help: ArgumentHelp(
            "Labels, separated by commas; repeat for more. A label that has a comma itself goes into a file.",
            valueName: "label,..."
        )
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
        if images.isEmpty, text.isEmpty {
            throw ValidationError("Nothing to classify: name image files, or texts with --text.")
        }
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
        let run = try EmbeddingRun(images: images, texts: text, truncating: truncate, environment)
        try await withEngine(configuration, options, environment) { engine in
            let ranking = try await ranking(labels, by: engine)
            try await run.write(by: engine) { kind, value, embedding in
                let predictions = ranking.predictions(for: [embedding])[0]
                return json
                    ? Self.object(kind, value, predictions, labels, model: engine.defaultModel)
                    : Self.lines(run.hasSeveral ? value : nil, predictions, labels)
            }
        }
    }

    private func ranking(_ labels: LabelSet, by engine: EmbeddingEngine) async throws -> LabelRanking {
        do {
            return try await engine.ranking(of: labels, top: top, truncating: truncate)
        } catch EmbeddingError.label(let index, let error) {
            let failure = CommandFailure(error.ofOneText)
            throw CommandFailure(
                "The label '\(labels.labels[index].name.printable)' cannot be used. \(failure)",
                status: failure.status
            )
        }
    }

    /// One object with the members that an answer of `POST /classify` has, spelled as they are there.
    private static func object(
        _ kind: String,
        _ value: String,
        _ predictions: [Prediction],
        _ labels: LabelSet,
        model: String
    ) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            // A file's name may have bytes that are no UTF-8.
            writer.member(kind) { $0.encoded(Array(JSONText.string(value).utf8)) }
            writer.member("predictions") { writer in
                ClassificationAnswers.write(predictions, labels, to: &writer)
            }
            writer.member("model", model)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// One line a label, under the input's name if there are several inputs.
    private static func lines(_ title: String?, _ predictions: [Prediction], _ labels: LabelSet) -> String {
        let lines = predictions.map { prediction in
            String(format: "%8.4f  ", prediction.score) + labels.labels[prediction.label].name.printable
        }
        return ((title.map { [$0.printable] } ?? []) + lines).joined(separator: "\n")
    }
}
