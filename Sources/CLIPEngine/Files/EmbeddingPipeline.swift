package import CLIPFiles

/// Embeds image files and texts with a bounded number of them in hand, so that some are read and decoded while the
/// model works on others.
package struct EmbeddingPipeline: Sendable {
    private let engine: EmbeddingEngine
    private let model: String?

    /// - Parameter model: the model's name; nil for the default one.
    package init(engine: EmbeddingEngine, model: String? = nil) {
        self.engine = engine
        self.model = model
    }

    /// An image file or a text.
    package enum Input: Sendable {
        /// An image file; '-' is standard input.
        case image(file: String)
        case text(String)
    }

    /// Why one input got no embedding.
    package enum Fault: Error, Equatable, CustomStringConvertible {
        /// The file could not be read.
        case unreadable(FileError)
        /// The engine refused the input, or failed.
        case refused(EmbeddingError)

        /// Whether only this input is at fault, so that others may still succeed; otherwise the engine is at fault.
        package var isTheInputs: Bool {
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

        /// A sentence for a person at the shell.
        package var description: String {
            switch self {
            case .unreadable(let error): error.description
            case .refused(let error): error.description
            }
        }
    }

    /// The largest number of inputs in hand until their results are delivered: more than a batch, so that some are
    /// decoded while the model works on others.
    private static let inputsInHand = 64

    private typealias Attempt = (index: Int, result: Result<Embedding, Fault>)

    /// Embeds each input and delivers the results in the inputs' order, each with its index.
    ///
    /// - Parameters:
    ///   - truncating: whether texts that are too long are cut instead of refused.
    ///   - receive: called with each result; an error that it throws ends the work.
    package func embed<Failure: Error>(
        _ inputs: [Input],
        truncating: Bool = false,
        receive: (Int, Result<Embedding, Fault>) throws(Failure) -> Void
    ) async throws(Failure) {
        let failure = await withTaskGroup(of: Attempt.self, returning: Failure?.self) { group in
            var window = InputWindow<Result<Embedding, Fault>>(count: inputs.count, width: Self.inputsInHand)
            func startWhatFits() {
                while let index = window.start() {
                    let input = inputs[index]
                    group.addTask { (index, await attempt(input, truncating: truncating)) }
                }
            }
            startWhatFits()
            while let attempt = await group.next() {
                window.finish(attempt.index, attempt.result)
                do throws(Failure) {
                    while let next = window.deliver() { try receive(next.index, next.result) }
                } catch {
                    group.cancelAll()
                    return error
                }
                startWhatFits()
            }
            return nil
        }
        if let failure { throw failure }
    }

    /// This is a function of its own because Swift 6.3's optimiser loses the index if a tuple is built around a `try
    /// await` inside a `do`: embeddings would then come out under other inputs' names.
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
            do throws(FileError) {
                bytes = try FileContents.read(file, limit: engine.configuration.maxImageBytes)
            } catch {
                throw .unreadable(error)
            }
            do throws(EmbeddingError) {
                return try await engine.embed(images: [.encoded(bytes)], model: model).embeddings[0]
            } catch {
                throw .refused(error)
            }
        case .text(let text):
            do throws(EmbeddingError) {
                return try await engine.embed(texts: [text], model: model, truncating: truncating)
                    .embeddings[0]
            } catch {
                throw .refused(error)
            }
        }
    }
}
