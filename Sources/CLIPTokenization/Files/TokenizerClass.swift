/// The tokenizer classes of transformers that work on pieces.
///
/// Most of them do not follow the steps in `tokenizer.json`, but use only its vocabulary and take steps of their own
/// (transformers 5.24).
enum TokenizerClass: Equatable {
    case siglip
    case siglip2
    case gemma
    case t5
    case xlmRoberta
    case bert
    case clip
    /// No class of its own: the tokenizer does what the file describes.
    case asWritten

    /// Takes the class by its name, which `file` gives; an unknown name is refused.
    init(name: String?, file: String) throws(TokenizationError) {
        switch name {
        case "SiglipTokenizer": self = .siglip
        case "Siglip2Tokenizer": self = .siglip2
        case "GemmaTokenizer": self = .gemma
        case "T5Tokenizer", "MT5Tokenizer": self = .t5
        case "XLMRobertaTokenizer": self = .xlmRoberta
        case "BertTokenizer": self = .bert
        case "CLIPTokenizer": self = .clip
        case nil, "PreTrainedTokenizer", "TokenizersBackend": self = .asWritten
        case let other?: throw .unsupportedStep(file: file, found: "tokenizer_class \(other)")
        }
    }

    /// The tokens for tasks for which no file names one.
    var defaults: [String: String] {
        switch self {
        case .siglip: ["eos_token": "</s>", "unk_token": "<unk>", "pad_token": "</s>"]
        case .siglip2, .gemma:
            [
                "unk_token": "<unk>", "bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>",
                "mask_token": "<mask>",
            ]
        case .t5: ["eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"]
        case .xlmRoberta:
            [
                "bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>",
                "unk_token": "<unk>",
                "pad_token": "<pad>", "mask_token": "<mask>",
            ]
        case .bert:
            [
                "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
                "mask_token": "[MASK]",
            ]
        case .clip, .asWritten: [:]
        }
    }

    /// How such a token is found in a text.
    func token(_ text: [UInt8]) -> SpecialTokens.Token {
        SpecialTokens.Token(text: text, id: -1, takesLeft: self == .siglip, takesRight: self == .siglip)
    }

    /// Whether padding comes first if no file says.
    var padsLeft: Bool { self == .siglip2 || self == .gemma }
}
