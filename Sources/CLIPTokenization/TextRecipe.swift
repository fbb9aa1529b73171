/// How a checkpoint wants captions turned into what its network reads, weights and vocabulary aside.
public struct TextRecipe: Equatable, Sendable {
    /// What the tokenizer is taken from.
    public enum Source: Equatable, Sendable {
        /// OpenAI's words and byte pairs, with the vocabulary of the directory or the one that is built in.
        case bytePairs
        /// The tokenizer files of the directory, whatever they describe.
        case files
    }

    /// Where the tokenizer comes from.
    public var source: Source
    /// The most tokens that the network reads.
    public var contextLength: Int
    /// How captions are cleaned; where nothing is said ``Source/bytePairs`` brings its own, which is ``CaptionCleaning/lowerCase``.
    public var cleaning: CaptionCleaning
    /// Whether every sequence is filled up to ``contextLength``, as a network without a causal mask reads all of it.
    public var padsToContext: Bool
    /// Whether separators are replaced by 0 (open_clip's `strip_sep_token`).
    public var replacesSeparators: Bool
    /// The tokenizer that transformers takes where no file names one, such as `SiglipTokenizer`.
    public var defaultClass: String?
    /// Whether tokens of a byte-pair vocabulary that were added, too, are found as they stand: transformers does so, open_clip not.
    public var findsKnownTokens: Bool
    /// What special tokens of a byte-pair vocabulary are called in captions.
    public var specialNames = SpecialNames.openAI
    /// Whose rules byte pairs follow.
    public var rules = CaptionRules.openAI
    /// The repository whose tokenizer files these should be, such as `timm/ViT-B-16-SigLIP`, where a configuration names it.
    public var repository: String?

    init(
        source: Source,
        contextLength: Int,
        cleaning: CaptionCleaning = .none,
        padsToContext: Bool = false,
        replacesSeparators: Bool = false,
        defaultClass: String? = nil,
        findsKnownTokens: Bool = true,
        repository: String? = nil
    ) {
        self.source = source
        self.contextLength = contextLength
        self.cleaning = cleaning
        self.padsToContext = padsToContext
        self.replacesSeparators = replacesSeparators
        self.defaultClass = defaultClass
        self.findsKnownTokens = findsKnownTokens
        self.repository = repository
    }

    /// OpenAI's CLIP.
    ///
    /// - Parameters:
    ///   - contextLength: the most tokens that the network reads.
    ///   - padsToContext: whether sequences are filled up with 0, as a network without a causal mask reads them.
    ///   - findsKnownTokens: see the property.
    ///   - cleaning: see the property.
    public static func openAI(
        contextLength: Int = 77,
        padsToContext: Bool = false,
        findsKnownTokens: Bool = true,
        cleaning: CaptionCleaning = .none
    ) -> TextRecipe {
        TextRecipe(
            source: .bytePairs,
            contextLength: contextLength,
            cleaning: cleaning,
            padsToContext: padsToContext,
            findsKnownTokens: findsKnownTokens
        )
    }

    /// A checkpoint in transformers' layout of a family with tokenizer files.
    ///
    /// - Parameters:
    ///   - modelType: `model_type` of its `config.json`, which says what tokenizer is taken where no file does.
    ///   - contextLength: `max_position_embeddings` of its text tower.
    public static func transformers(modelType: String, contextLength: Int) -> TextRecipe {
        let defaultClass: String? =
            switch modelType {
            case "siglip": "SiglipTokenizer"
            case "siglip2": "Siglip2Tokenizer"
            case "metaclip_2": "XLMRobertaTokenizer"
            case "clip": "CLIPTokenizer"
            default: nil
            }
        var recipe = TextRecipe(
            // A CLIP may come without any file: then its vocabulary is OpenAI's.
            source: modelType == "clip" ? .bytePairs : .files,
            contextLength: contextLength,
            padsToContext: modelType.hasPrefix("siglip"),
            defaultClass: defaultClass
        )
        recipe.rules = .transformers
        return recipe
    }
}
