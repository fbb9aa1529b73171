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
        var texts: [String] = []
        for text in text { texts += text == "-" ? try Terminal.readLines() : [text] }
        let inputs = images.map(Input.image) + texts.map(Input.text)
        guard !inputs.isEmpty else {
            throw ValidationError("Nothing to embed: name image files, or texts with --text.")
        }
        let failures = try await withEngine(configuration, environment) { engine in
            try await embed(inputs, by: engine, maxImageBytes: configuration.maxImageBytes)
        }
        if failures > 0 { throw ExitCode.failure }
    }

    /// Writes a line for each input, in their order, and returns how many failed.
    private func embed(
        _ inputs: [Input],
        by engine: EmbeddingEngine,
        maxImageBytes: Int
    ) async throws -> Int {
        typealias Attempt = (index: Int, result: Result<Embedding, CommandFailure>)
        var progress = ProgressLine(total: inputs.count)
        defer { progress.clear() }
        return try await withThrowingTaskGroup(of: Attempt.self) { group in
            var upcoming = inputs.enumerated().makeIterator()
            func addNext() {
                guard let (index, input) = upcoming.next() else { return }
                group.addTask { (index, await attempt(input, by: engine, maxImageBytes: maxImageBytes)) }
            }
            for _ in 0..<Self.inputsInHand { addNext() }
            // Those that are done before their turn to be written.
            var early: [Int: Result<Embedding, CommandFailure>] = [:]
            var written = 0
            var failures = 0
            for try await (index, result) in group {
                addNext()
                early[index] = result
                progress.clear()
                while let result = early.removeValue(forKey: written) {
                    switch result {
                    case .success(let embedding): try write(embedding, of: inputs[written])
                    case .failure(let failure):
                        failures += 1
                        Terminal.complain("\(inputs[written].label.value): \(failure)\n")
                    }
                    written += 1
                }
                progress.advance(by: 1)
            }
            return failures
        }
    }

    /// A function of its own, because Swift 6.3's optimiser loses the index where a tuple is built around a `try await`
    /// inside of `do`: embeddings then come out under other inputs' names.
    private func attempt(
        _ input: Input,
        by engine: EmbeddingEngine,
        maxImageBytes: Int
    ) async -> Result<Embedding, CommandFailure> {
        do throws(CommandFailure) {
            return .success(try await embedding(of: input, by: engine, maxImageBytes: maxImageBytes))
        } catch {
            return .failure(error)
        }
    }

    private func embedding(
        of input: Input,
        by engine: EmbeddingEngine,
        maxImageBytes: Int
    ) async throws(CommandFailure) -> Embedding {
        let source: ImageSource?
        if case .image(let file) = input {
            source = .encoded(try Terminal.contents(of: file, limit: maxImageBytes))
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

    private func write(_ embedding: Embedding, of input: Input) throws(CommandFailure) {
        let values = normalize ? embedding.normalized.values : embedding.values
        let (kind, value) = input.label
        try Terminal.write(
            line: "{\"\(kind)\":\(JSONText.string(value)),\"embedding\":\(JSONText.numbers(values))}"
        )
    }
}
