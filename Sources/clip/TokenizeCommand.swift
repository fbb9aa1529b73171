import ArgumentParser
internal import CLIPEngine

/// `clip tokenize`: the token ids that a model is given for a text.
struct TokenizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Print the token ids of texts, one JSON array a line."
    )

    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "A model whose vocabulary is used; OpenAI's by default. CLIP_MODEL.",
            valueName: "[name=]model"
        )
    )
    var model: String?

    @OptionGroup var hubOptions: HubOptions

    @Flag(help: "Cut texts that are too long, where they would be refused otherwise.")
    var truncate = false

    @Argument(help: "Texts; '-' is standard input, a text a line.")
    var texts: [String]

    func run() async throws {
        for text in texts { _ = try Terminal.text(ofArgument: text) }
        var environment = Environment()
        let named = model ?? environment.list("CLIP_MODEL")?.first
        guard environment.problems.isEmpty else { throw CommandFailure(problems: environment.problems) }
        do {
            let tokenizer =
                if let named {
                    try TokenizerSource(model: await source(named: named, environment))
                } else {
                    try TokenizerSource()
                }
            for argument in texts {
                for text in argument == "-"
                    ? try Terminal.readLines() : [argument]
                {
                    try Terminal.write(line: "\(try tokenizer.tokens(of: text, truncating: truncate))")
                }
            }
        } catch let error as EmbeddingError {
            throw CommandFailure(error)
        }
    }

    private func source(named name: String, _ environment: Environment) async throws -> ModelSource {
        let choice = try ModelChoice(name)
        return ModelSource(
            name: choice.name,
            directory: try await hubOptions.directory(of: choice, environment)
        )
    }
}
