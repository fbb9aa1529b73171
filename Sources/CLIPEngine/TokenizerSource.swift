internal import CLIPModels
internal import CLIPTokenization
internal import CLIPWeights

/// The tokenizer of a checkpoint without its network, for showing the tokens that the model would get.
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

    /// The tokenizer and context length of a checkpoint; no weights are read.
    public init(model: ModelSource) throws(EmbeddingError) {
        guard let tokenizer = try CheckpointFiles(model).tokenizer else {
            throw .noTower(.text, model: model.name)
        }
        self.tokenizer = tokenizer
    }

    /// The tokenizer files of a directory, whether or not it has a network.
    ///
    /// Texts are neither cut nor padded, unless an `open_clip_config.json` in the directory says how.
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

    /// The token ids that the network would get for a text, special tokens included.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - truncating: whether a text that is too long is cut, keeping end-of-text, instead of refused.
    public func tokens(of text: String, truncating: Bool = false) throws(EmbeddingError) -> [Int32] {
        do throws(TokenizationError) {
            return try tokenizer.tokens(for: text, truncating: truncating).ids
        } catch {
            throw EmbeddingError(error, index: 0)
        }
    }
}
