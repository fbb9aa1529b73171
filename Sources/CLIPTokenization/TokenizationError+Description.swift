extension TokenizationError: CustomStringConvertible {
    /// A sentence for a person that says what is wrong with which caption or file, and what helps.
    public var description: String { "\(finding) \(remedy)" }

    private var finding: String {
        switch self {
        case .tooManyTokens(let count, let limit):
            "The text has \(count) tokens, and the model reads \(limit)."
        case .unsettledCaption(let count):
            "The text of \(count) characters is made of too many nested escapes."
        case .lengthenedCaption(let count, let limit):
            "The tokenizer's files make more than \(limit) bytes of a text of \(count)."
        case .tokenWithoutRow(let token, let id, let rows):
            "The text has the token \(token.shown), number \(id), and the network knows \(rows) tokens only."
        case .noVocabulary:
            "There is no vocabulary: tokenizer.json, vocab.json with merges.txt, or bpe_simple_vocab_16e6.txt.gz."
        case .unreadable(let file):
            "\(file) is not there, or is no plain file that can be read."
        case .fileTooLarge(let file, let limit):
            "\(file) has more than \(limit) bytes, which no vocabulary has."
        case .malformedGzip(let file):
            "\(file) is no whole gzip file; was the download cut off?"
        case .malformedText(let file):
            "\(file) is not UTF-8."
        case .malformedJSON(let file, let offset):
            "\(file) is not the JSON of a vocabulary at byte \(offset); was the download cut off?"
        case .missingField(let file, let field):
            "\(file) has no \(field)."
        case .unsupportedTokenizer(let file, let found):
            "\(file) describes another kind of tokenizer than CLIP's: \(found.shown)."
        case .noTokenizer:
            "There is no tokenizer: tokenizer.json, or a model of sentencepiece such as spiece.model."
        case .unsupportedStep(let file, let found):
            "\(file) asks for something that is not known: \(found.shown)."
        case .malformedModel(let file, let offset):
            "\(file) is no model of sentencepiece at byte \(offset); was the download cut off?"
        case .malformedCharacterMap(let file):
            "\(file) has a table of characters that cannot be read."
        case .pieceTooLong(let file, let count, let limit):
            "\(file) has a piece of \(count) bytes; \(limit) are the most."
        case .duplicateToken(let file, let token):
            "\(file) gives the token \(token.shown), or its id, twice."
        case .idOutOfRange(let file, let token, let limit):
            "\(file) gives the token \(token.shown) an id that is not from 0 to \(limit)."
        case .missingByteToken(let file, let token):
            "\(file) lacks \(token.shown), one of the tokens of single bytes."
        case .missingSpecialToken(let file, let token):
            "\(file) lacks the token \(token.shown)."
        case .malformedMerge(let file, let number):
            "\(file): merge \(number) is not two tokens."
        case .unknownToken(let file, let number):
            "\(file): merge \(number) joins or makes something that is no token of the vocabulary."
        case .duplicateMerge(let file, let number):
            "\(file): merge \(number) was given before."
        case .unreachableToken(let file, let token, let count):
            "\(file): no merge makes the token \(token.shown)\(count > 1 ? " and \(count - 1) more" : ""); "
                + "was the list of merges cut off?"
        case .unusedID(let file, let id, let count):
            "\(file) has no token with the id \(id)\(count > 1 ? " and \(count - 1) more" : "") below its last; "
                + "was it cut?"
        case .misplacedMerge(let file, let number):
            "\(file): merge \(number) makes a token whose id belongs to another place in the list; was it sorted or "
                + "cut?"
        case .differentTokens(let file, let other, let token):
            "\(file) and \(other) do not agree on the token \(token.shown)."
        case .differentMerges(let file, let other, let number):
            "\(file) and \(other) do not agree on merge \(number)."
        }
    }

    private var remedy: String {
        switch self {
        case .tooManyTokens: "Shorten it, or have it cut."
        case .unsettledCaption: "Give it unescaped."
        case .tokenWithoutRow: "Take it out of the text, or write it in another way."
        case .lengthenedCaption: "Use a checkpoint whose tokenizer does not."
        case .noTokenizer(let repository?):
            "Put the tokenizer's files of \(repository.shown), which the configuration names, beside the weights."
        case .noVocabulary, .noTokenizer: "Put one of these beside the weights."
        case .unreadable, .fileTooLarge, .malformedGzip, .malformedText, .malformedJSON, .missingField,
            .duplicateToken, .idOutOfRange, .missingByteToken, .missingSpecialToken, .malformedMerge,
            .unknownToken, .duplicateMerge, .unreachableToken, .unusedID, .misplacedMerge,
            .malformedModel, .malformedCharacterMap, .pieceTooLong:
            "Download it anew."
        case .unsupportedTokenizer:
            "Use a checkpoint with CLIP's. Where vocab.json and merges.txt are there, they are enough: take the file away."
        case .unsupportedStep:
            "Use a checkpoint whose tokenizer is one of those that Documentation/Configuration.md names."
        case .differentTokens, .differentMerges: "Take away the one that is not this model's."
        }
    }
}

extension String {
    /// The text in quotes, shortened and without control characters, which a terminal would obey.
    fileprivate var shown: String { "'\(tamed)'" }

    /// The text, shortened and without control characters, which a terminal would obey.
    var tamed: String {
        unicodeScalars.prefix(64).map {
            $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : String($0)
        }.joined()
    }
}
