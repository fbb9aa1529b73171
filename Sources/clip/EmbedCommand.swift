import ArgumentParser
internal import CLIPEngine
internal import Foundation

/// `clip embed`: embeddings of image files and texts, one JSON object a line.
struct EmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Embed image files and texts; one JSON object a line.",
        discussion: """
            Examples:
              clip embed photo.jpg scans/*.png > images.jsonl
              clip embed --text "a red bicycle" "두 마리의 고양이"
              clip embed --text - < captions.txt
              curl -s https://example.com/cat.jpg | clip embed -
            """
    )

    @OptionGroup var options: ModelOptions

    @Argument(help: "Image files; '-' is an image on standard input.")
    var images: [String] = []

    @Option(parsing: .upToNextOption, help: "Texts; '-' is standard input, a text a line.")
    var text: [String] = []

    @Flag(help: "Bring every embedding to length one.")
    var normalize = false

    @Flag(help: "Cut texts that are too long, where they would be refused otherwise.")
    var truncate = false

    /// One line of the output to be.
    private enum Input: Sendable {
        case image(file: String)
        case text(String)

        var label: (kind: String, value: String) {
            switch self {
            case .image(let file): ("image", file)
            case .text(let text): ("text", text)
            }
        }
    }

    /// Inputs in hand at once: more than a batch, so that some are decoded while the model works on others.
    private static let inputsInHand = 64

    func run() async throws {
        var environment = Environment()
        let configuration = try options.engineConfiguration(&environment)
        let texts = text.flatMap { $0 == "-" ? Terminal.readLines() : [$0] }
        let inputs = images.map(Input.image) + texts.map(Input.text)
        guard !inputs.isEmpty else {
            throw ValidationError("Nothing to embed: name image files, or texts with --text.")
        }
        let failures = try await withEngine(configuration, environment) { engine in
            var progress = ProgressLine(total: inputs.count)
            var failures = 0
            for start in stride(from: 0, to: inputs.count, by: Self.inputsInHand) {
                let part = inputs[start..<min(start + Self.inputsInHand, inputs.count)]
                let results = await embeddings(of: Array(part), by: engine)
                progress.clear()
                for (input, result) in zip(part, results) {
                    do throws(CommandFailure) {
                        write(try result.get(), of: input)
                    } catch {
                        failures += 1
                        Terminal.complain("\(input.label.value): \(error)\n")
                    }
                }
                progress.advance(by: part.count)
            }
            progress.clear()
            return failures
        }
        if failures > 0 { throw ExitCode.failure }
    }

    private func embeddings(
        of inputs: [Input],
        by engine: EmbeddingEngine
    ) async -> [Result<Embedding, CommandFailure>] {
        await withTaskGroup(of: (index: Int, result: Result<Embedding, CommandFailure>).self) { group in
            for (index, input) in inputs.enumerated() {
                group.addTask { (index, await attempt(input, by: engine)) }
            }
            var results: [(index: Int, result: Result<Embedding, CommandFailure>)] = []
            for await result in group { results.append(result) }
            return results.sorted { $0.index < $1.index }.map(\.result)
        }
    }

    /// A function of its own, because Swift 6.3's optimiser loses the index where a tuple is built around a `try await`
    /// inside of `do`: embeddings then come out under other inputs' names.
    private func attempt(
        _ input: Input,
        by engine: EmbeddingEngine
    ) async -> Result<Embedding, CommandFailure> {
        do throws(CommandFailure) {
            return .success(try await embedding(of: input, by: engine))
        } catch {
            return .failure(error)
        }
    }

    private func embedding(
        of input: Input,
        by engine: EmbeddingEngine
    ) async throws(CommandFailure) -> Embedding {
        let source: ImageSource?
        if case .image(let file) = input {
            source = .encoded(try Terminal.contents(of: file))
        } else {
            source = nil
        }
        do throws(EmbeddingError) {
            let result =
                if let source {
                    try await engine.embed(images: [source])
                } else {
                    try await engine.embed(texts: [input.label.value], truncating: truncate)
                }
            return result.embeddings[0]
        } catch {
            throw CommandFailure(error)
        }
    }

    private func write(_ embedding: Embedding, of input: Input) {
        let values = normalize ? embedding.normalized.values : embedding.values
        let (kind, value) = input.label
        Terminal.write(
            line: "{\"\(kind)\":\(JSONText.string(value)),\"embedding\":\(JSONText.numbers(values))}"
        )
    }
}
