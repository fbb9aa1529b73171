import ArgumentParser
internal import CLIPEngine

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

    func validate() throws {
        if images.isEmpty, text.isEmpty {
            throw ValidationError("Nothing to embed: name image files, or texts with --text.")
        }
    }

    func run() async throws {
        var environment = Environment()
        let configuration = options.engineConfiguration(&environment)
        let run = try EmbeddingRun(images: images, texts: text, truncating: truncate, environment)
        try await withEngine(configuration, options, environment) { engine in
            try await run.write(by: engine) { kind, value, embedding in
                let values = normalize ? embedding.normalized.values : embedding.values
                return "{\"\(kind)\":\(JSONText.string(value)),\"embedding\":\(JSONText.numbers(values))}"
            }
        }
    }
}
