internal import CLIPModels
internal import CLIPTokenization
internal import CLIPWeights

/// The tokenizer of a checkpoint without its network, for looking at what the model will be given.
public struct TokenizerSource: Sendable {
    private let tokenizer: CaptionTokenizer

    /// OpenAI's vocabulary and 77 positions.
    ///
    /// - Throws: `failed` if the embedded vocabulary cannot be read, which a working build never does.
    public init() throws(EmbeddingError) {
        do throws(TokenizationError) {
            tokenizer = CaptionTokenizer(vocabulary: try Vocabulary.openAI())
        } catch {
            throw .failed("the embedded vocabulary: \(error)")
        }
    }

    /// The vocabulary and context length of a checkpoint; no weights are read.
    public init(model: ModelSource) throws(EmbeddingError) {
        guard let tokenizer = try CheckpointFiles(model).tokenizer else {
            throw .noTower(.text, model: model.name)
        }
        self.tokenizer = tokenizer
    }

    /// The tokenizer files of a directory, whether or not a network is there.
    ///
    /// Texts are neither cut nor filled up, unless an `open_clip_config.json` beside them says how.
    public init(tokenizerDirectory: String) throws(EmbeddingError) {
        do throws(TokenizationError) {
            tokenizer = try CaptionTokenizer(
                directory: tokenizerDirectory,
                recipe: try TextRecipe(besideFilesIn: tokenizerDirectory)
            )
        } catch {
            throw .modelUnavailable(name: tokenizerDirectory, cause: "\(error)")
        }
    }

    /// Token ids as the network reads them, special tokens included.
    ///
    /// - Parameters:
    ///   - text: what is split.
    ///   - truncating: cuts a text that is too long, keeping end-of-text.
    public func tokens(of text: String, truncating: Bool = false) throws(EmbeddingError) -> [Int32] {
        do throws(TokenizationError) {
            return try tokenizer.tokens(for: text, truncating: truncating).ids
        } catch {
            throw EmbeddingError(error, index: 0)
        }
    }
}
