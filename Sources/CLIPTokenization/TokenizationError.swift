/// Why a caption or a vocabulary was refused.
///
/// `file` is a file's name without its directory.
public enum TokenizationError: Error, Equatable, Sendable {
    /// The caption makes `count` tokens, including both special tokens; the model reads at most `limit`.
    case tooManyTokens(count: Int, limit: Int)
    /// The caption of `count` Unicode scalars keeps changing while it is cleaned, as deeply nested HTML references do.
    case unsettledCaption(count: Int)
    /// The steps in the tokenizer's files make more than `limit` bytes of a caption, or part of one, that has `count`
    /// bytes.
    case lengthenedCaption(count: Int, limit: Int)
    /// The caption makes a token that the tokenizer knows but that the network's table of `rows` tokens lacks.
    case tokenWithoutRow(token: String, id: Int32, rows: Int)

    /// The directory has no vocabulary in any of the known forms.
    case noVocabulary
    /// `file` cannot be opened or read, or is not a plain file.
    case unreadable(file: String)
    /// `file` has more than `limit` bytes, before or after it is decompressed.
    case fileTooLarge(file: String, limit: Int)
    /// `file` is not a whole gzip file.
    case malformedGzip(file: String)
    /// `file` is not UTF-8.
    case malformedText(file: String)
    /// `file` is not JSON of the expected form at byte `offset`.
    case malformedJSON(file: String, offset: Int)
    /// `file` lacks a field that a vocabulary needs.
    case missingField(file: String, field: String)
    /// `file` describes a tokenizer of another kind than CLIP's.
    case unsupportedTokenizer(file: String, found: String)

    /// The directory has no tokenizer in any of the known forms; `repository` has it, if the configuration names one.
    case noTokenizer(repository: String?)
    /// `file` asks for a step that is not supported.
    case unsupportedStep(file: String, found: String)
    /// `file` is not a sentencepiece model at byte `offset`.
    case malformedModel(file: String, offset: Int)
    /// The table in `file` that replaces characters cannot be read.
    case malformedCharacterMap(file: String)
    /// `file` has a piece of `count` bytes; at most `limit` are accepted.
    case pieceTooLong(file: String, count: Int, limit: Int)

    /// `file` gives one id to two tokens, or two ids to one token.
    case duplicateToken(file: String, token: String)
    /// `file` gives a token an id below 0 or above `limit`.
    case idOutOfRange(file: String, token: String, limit: Int)
    /// `file` has no token for a single byte, in the middle or at the end of a word.
    case missingByteToken(file: String, token: String)
    /// `file` lacks the token for start-of-text or end-of-text.
    case missingSpecialToken(file: String, token: String)

    /// A merge does not consist of two tokens. Merges are counted from 1.
    case malformedMerge(file: String, number: Int)
    /// A merge joins or makes something that is not a token.
    case unknownToken(file: String, number: Int)
    /// A merge appears a second time.
    case duplicateMerge(file: String, number: Int)
    /// No merge makes `count` tokens that are longer than a byte; `token` is the first of them.
    case unreachableToken(file: String, token: String, count: Int)
    /// No token of `file` has this id, although other tokens have larger ids; `count` ids are missing in all.
    case unusedID(file: String, id: Int, count: Int)
    /// A merge's place in the list does not agree with its token's id.
    case misplacedMerge(file: String, number: Int)
    /// Two files of one directory give this token different ids, or one of them lacks it.
    case differentTokens(file: String, other: String, token: String)
    /// Two files of one directory list different merges at this place.
    case differentMerges(file: String, other: String, number: Int)
}
