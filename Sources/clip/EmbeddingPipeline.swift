internal import CLIPEngine

/// Embeds image files and texts with a bounded number of them in hand, so that some are read and decoded while the
/// model works on others.
struct EmbeddingPipeline: Sendable {
    /// What embeds.
    let engine: EmbeddingEngine
    /// Most bytes of one image file.
    let maxImageBytes: Int

    /// Something to embed.
    enum Input: Sendable {
        /// An image file; '-' is standard input.
        case image(file: String)
        case text(String)
    }

    /// Why one input got no embedding.
    enum Fault: Error, CustomStringConvertible {
        /// The file could not be read.
        case unreadable(CommandFailure)
        /// The engine refused the input, or failed.
        case refused(EmbeddingError)

        /// Whether another input may well succeed; otherwise the engine is at fault.
        var isTheInputs: Bool {
            switch self {
            case .unreadable: true
            case .refused(let error):
                switch error {
                case .image, .textTooLarge, .textTooLong, .textTangled, .textLengthened,
                    .textBeyondVocabulary:
                    true
                default: false
                }
            }
        }

        /// The same for a person at the shell.
        var failure: CommandFailure {
            switch self {
            case .unreadable(let failure): failure
            case .refused(let error): CommandFailure(error)
            }
        }

        var description: String { failure.description }
    }

    /// Inputs in hand at once, until their results are handed on: more than a batch, so that some are decoded while the
    /// model works on others.
    private static let inputsInHand = 64

    /// Embeds each input and hands it on, in the order given, with its place among the inputs.
    ///
    /// - Parameters:
    ///   - truncating: cuts texts that are too long, where they would be refused otherwise.
    ///   - receive: what it throws ends the work.
    func embed(
        _ inputs: [Input],
        truncating: Bool = false,
        receive: (Int, Result<Embedding, Fault>) throws -> Void
    ) async throws {
        typealias Attempt = (index: Int, result: Result<Embedding, Fault>)
        try await withThrowingTaskGroup(of: Attempt.self) { group in
            var window = InputWindow<Result<Embedding, Fault>>(count: inputs.count, width: Self.inputsInHand)
            func startWhatFits() {
                while let index = window.start() {
                    let input = inputs[index]
                    group.addTask { (index, await attempt(input, truncating: truncating)) }
                }
            }
            startWhatFits()
            for try await (index, result) in group {
                window.finish(index, result)
                while let (index, result) = window.deliver() { try receive(index, result) }
                startWhatFits()
            }
        }
    }

    /// A function of its own, because Swift 6.3's optimiser loses the index where a tuple is built around a `try await`
    /// inside of `do`: embeddings then come out under other inputs' names.
    private func attempt(_ input: Input, truncating: Bool) async -> Result<Embedding, Fault> {
        do throws(Fault) {
            return .success(try await embedding(of: input, truncating: truncating))
        } catch {
            return .failure(error)
        }
    }

    private func embedding(of input: Input, truncating: Bool) async throws(Fault) -> Embedding {
        switch input {
        case .image(let file):
            let bytes: [UInt8]
            do throws(CommandFailure) {
                bytes = try Terminal.contents(of: file, limit: maxImageBytes)
            } catch {
                throw .unreadable(error)
            }
            do throws(EmbeddingError) {
                return try await engine.embed(images: [.encoded(bytes)]).embeddings[0]
            } catch {
                throw .refused(error)
            }
        case .text(let text):
            do throws(EmbeddingError) {
                return try await engine.embed(texts: [text], truncating: truncating).embeddings[0]
            } catch {
                throw .refused(error)
            }
        }
    }
}
