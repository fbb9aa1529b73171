import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles

/// Image files and texts of one command, each of which gets its lines of output or, where it fails, one on standard error.
struct EmbeddingRun {
    private let inputs: [EmbeddingPipeline.Input]
    private let truncating: Bool
    private let environment: Environment

    /// Reads the texts.
    ///
    /// - Parameters:
    ///   - images: files; '-' is standard input.
    ///   - texts: texts; '-' is standard input, a text a line.
    ///   - truncating: cuts texts that are too long, where they would be refused otherwise.
    ///   - environment: knows the variables of the flags that complaints name.
    init(
        images: [String],
        texts: [String],
        truncating: Bool,
        _ environment: Environment
    ) throws(CommandFailure) {
        inputs =
            images.map(EmbeddingPipeline.Input.image)
            + (try Terminal.texts(ofArguments: texts)).map(EmbeddingPipeline.Input.text)
        guard !inputs.isEmpty else {
            throw CommandFailure("Standard input has no line of text.", status: .unusableInput)
        }
        (self.truncating, self.environment) = (truncating, environment)
    }

    /// Whether there are several inputs, so that each has to be named.
    var hasSeveral: Bool { inputs.count > 1 }

    /// Writes what the closure makes of each input and its embedding, in their order; one that fails is named, and the others go on.
    ///
    /// - Throws: ``CommandStatus/answerIsNo`` where one has failed.
    func write(
        by engine: EmbeddingEngine,
        _ lines: (_ kind: String, _ value: String, Embedding) -> String
    ) async throws {
        var progress = ProgressLine(total: inputs.count, unit: "inputs")
        defer { progress.clear() }
        var hasFailed = false
        try await EmbeddingPipeline(engine: engine).embed(inputs, truncating: truncating) { index, result in
            progress.clear()
            let (kind, value) = inputs[index].label
            switch result {
            case .success(let embedding): try Terminal.write(line: lines(kind, value, embedding))
            case .failure(let fault):
                hasFailed = true
                Terminal.complain("\(inputs[index].shownName): \(CommandFailure(fault, environment))\n")
            }
            progress.advance()
        }
        if hasFailed { throw ExitCode(CommandStatus.answerIsNo.rawValue) }
    }
}

extension EmbeddingPipeline.Input {
    /// What it is, and what it is called in answers and complaints.
    var label: (kind: String, value: String) {
        switch self {
        case .image(let file): ("image", file)
        case .text(let text): ("text", text)
        }
    }

    /// What it is called before a complaint: of a long text the beginning, and of an empty name what is seen.
    fileprivate var shownName: String {
        switch self {
        case .image(let file): return file.isEmpty ? "''" : file.printable
        case .text(let text):
            let beginning = String(String.UnicodeScalarView(text.unicodeScalars.prefix(80)))
            return text.isEmpty
                ? "''" : beginning.printable + (beginning.utf8.count < text.utf8.count ? "…" : "")
        }
    }
}
