import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles

/// `clip embed`: embeddings of image files and texts, one JSON object a line.
struct EmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Embed image files and texts; one JSON object a line.",
        discussion: """
            Examples:
              clip embed photo.jpg scans/*.png > images.jsonl
              clip embed --text "a red bicycle" --text "두 마리의 고양이"
              clip embed --text - < captions.txt
              curl -s https://example.com/cat.jpg | clip embed -
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

    @Flag(help: "Bring every embedding to length one.")
    var normalize = false

    @Flag(help: "Cut texts that are too long, where they would be refused otherwise.")
    var truncate = false

    func run() async throws {
        var environment = Environment()
        let configuration = options.engineConfiguration(&environment)
        var texts: [String] = []
        for text in text {
            texts += text == "-" ? try Terminal.readLines() : [try Terminal.text(ofArgument: text)]
        }
        let inputs =
            images.map(EmbeddingPipeline.Input.image) + texts.map(EmbeddingPipeline.Input.text)
        guard !inputs.isEmpty else {
            throw ValidationError("Nothing to embed: name image files, or texts with --text.")
        }
        let failures = try await withEngine(configuration, options, environment) { engine in
            try await embed(
                inputs,
                by: EmbeddingPipeline(engine: engine),
                environment
            )
        }
        if failures > 0 { throw ExitCode.failure }
    }

    /// Writes one line for each input, in the inputs' order, and returns how many failed.
    private func embed(
        _ inputs: [EmbeddingPipeline.Input],
        by pipeline: EmbeddingPipeline,
        _ environment: Environment
    ) async throws -> Int {
        var progress = ProgressLine(total: inputs.count, unit: "inputs")
        defer { progress.clear() }
        var failures = 0
        try await pipeline.embed(inputs, truncating: truncate) { index, result in
            progress.clear()
            let (kind, value) = inputs[index].label
            switch result {
            case .success(let embedding):
                let values = normalize ? embedding.normalized.values : embedding.values
                try Terminal.write(
                    line: "{\"\(kind)\":\(JSONText.string(value)),\"embedding\":\(JSONText.numbers(values))}"
                )
            case .failure(let fault):
                failures += 1
                // An empty name would leave nothing before the colon.
                Terminal.complain(
                    "\(value.isEmpty ? "''" : value.printable): \(CommandFailure(fault, environment))\n"
                )
            }
            progress.advance()
        }
        return failures
    }
}

extension EmbeddingPipeline.Input {
    /// The input's kind, and its name in answers and messages.
    var label: (kind: String, value: String) {
        switch self {
        case .image(let file): ("image", file)
        case .text(let text): ("text", text)
        }
    }
}
