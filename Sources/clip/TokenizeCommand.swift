import ArgumentParser
internal import CLIPEngine
internal import Foundation

/// `clip tokenize`: the token ids that a model gets for a text.
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

    @Option(
        name: .customLong("tokenizer"),
        help: ArgumentHelp(
            "A directory of tokenizer files without a network, instead of a checkpoint. CLIP_TOKENIZER.",
            valueName: "dir"
        )
    )
    var tokenizerDirectory: String?

    @Flag(help: "Lines of standard input are JSON strings, so that a text may have line ends.")
    var json = false

    @OptionGroup var hubOptions: HubOptions

    @Flag(help: "Cut texts that are too long, where they would be refused otherwise.")
    var truncate = false

    @Argument(help: "Texts; '-' is standard input, a text a line.")
    var texts: [String]

    func run() async throws {
        for text in texts { _ = try Terminal.text(ofArgument: text) }
        var environment = Environment()
        let directory = tokenizerDirectory ?? (model == nil ? environment.string("CLIP_TOKENIZER") : nil)
        let named = model ?? environment.list("CLIP_MODEL")?.first
        if model != nil, tokenizerDirectory != nil {
            environment.problems.append("--model and --tokenizer name two tokenizers. Give one of them.")
        }
        try environment.requireNoProblems()
        do {
            let tokenizer =
                if let directory {
                    try TokenizerSource(tokenizerDirectory: directory)
                } else if let named {
                    try TokenizerSource(model: await hubOptions.source(of: ModelChoice(named), environment))
                } else {
                    try TokenizerSource()
                }
            for argument in texts {
                for text in argument == "-" ? try lines() : [argument] {
                    try Terminal.write(line: "\(try tokenizer.tokens(of: text, truncating: truncate))")
                }
            }
        } catch let error as EmbeddingError {
            throw CommandFailure(error)
        }
    }

    /// The texts from standard input.
    private func lines() throws(CommandFailure) -> [String] {
        let lines = try Terminal.readLines()
        guard json else { return lines }
        let decoder = JSONDecoder()
        var texts: [String] = []
        texts.reserveCapacity(lines.count)
        for (index, line) in lines.enumerated() {
            guard let text = try? decoder.decode(String.self, from: Data(line.utf8)) else {
                throw CommandFailure(
                    "Line \(index + 1) of standard input is no JSON string, as --json wants it.",
                    status: .unusableInput
                )
            }
            texts.append(text)
        }
        return texts
    }
}
