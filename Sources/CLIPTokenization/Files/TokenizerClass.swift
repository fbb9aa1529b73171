/// The tokenizers that transformers knows by a class name, as far as they are for pieces.
///
/// Most of them do not follow the steps of `tokenizer.json`, but put their own around its vocabulary (transformers 5.24).
enum TokenizerClass: Equatable {
    case siglip
    case siglip2
    case gemma
    case t5
    case xlmRoberta
    case bert
    case clip
    /// Whatever the file describes.
    case asWritten

    /// Refuses a class that is not known, which `file` names.
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

    /// The tokens that have a task where no file names them.
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

    /// How those are found in a text.
    func token(_ text: [UInt8]) -> SpecialTokens.Token {
        SpecialTokens.Token(text: text, id: -1, takesLeft: self == .siglip, takesRight: self == .siglip)
    }

    /// Whether sequences are filled up at their beginning where no file says.
    var padsLeft: Bool { self == .siglip2 || self == .gemma }
}
