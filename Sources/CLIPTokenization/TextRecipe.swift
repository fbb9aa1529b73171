/// How a checkpoint wants its captions turned into what the network reads, apart from weights and vocabulary.
public struct TextRecipe: Equatable, Sendable {
    /// Where the tokenizer comes from.
    public enum Source: Equatable, Sendable {
        /// OpenAI's words and byte pairs, with the directory's vocabulary or, if it has none, the built-in one.
        case bytePairs
        /// The directory's tokenizer files, whatever they describe.
        case files
    }

    /// Where the tokenizer comes from.
    public var source: Source
    /// The most tokens that the network reads.
    public var contextLength: Int
    /// How captions are cleaned; with ``Source/bytePairs``, ``CaptionCleaning/none`` means the cleaning of ``rules``.
    public var cleaning: CaptionCleaning
    /// Whether every sequence is padded to ``contextLength``, because a network without a causal mask reads all of it.
    public var padsToContext: Bool
    /// Whether separators are replaced by 0 (open_clip's `strip_sep_token`).
    public var replacesSeparators: Bool
    /// The tokenizer class that transformers uses if no file names one, such as `SiglipTokenizer`.
    public var defaultClass: String?
    /// Whether added tokens that are also in the byte-pair vocabulary are found as written: by transformers yes, by
    /// open_clip no.
    public var findsKnownTokens: Bool
    /// The names of the special tokens of a byte-pair vocabulary in captions.
    public var specialNames = SpecialNames.openAI
    /// The implementation whose rules byte pairs follow.
    public var rules = CaptionRules.openAI
    /// The repository that should have these tokenizer files, such as `timm/ViT-B-16-SigLIP`, if a configuration names
    /// it.
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

    /// The recipe for OpenAI's CLIP.
    ///
    /// - Parameters:
    ///   - contextLength: the most tokens that the network reads.
    ///   - padsToContext: whether sequences are padded with 0, as a network without a causal mask needs.
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

    /// The recipe for a checkpoint in transformers' layout, of a family with tokenizer files.
    ///
    /// - Parameters:
    ///   - modelType: `model_type` of its `config.json`, which decides the tokenizer if no file does.
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
            // A CLIP checkpoint may have no tokenizer file; then its vocabulary is OpenAI's.
            source: modelType == "clip" ? .bytePairs : .files,
            contextLength: contextLength,
            padsToContext: modelType.hasPrefix("siglip"),
            defaultClass: defaultClass
        )
        recipe.rules = .transformers
        return recipe
    }
}
