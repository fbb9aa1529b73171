/// Why a caption or a vocabulary was refused.
///
/// `file` is a file's name without its directory.
public enum TokenizationError: Error, Equatable, Sendable {
    /// The caption makes `count` tokens, both special tokens included; the model reads `limit`.
    case tooManyTokens(count: Int, limit: Int)
    /// The caption of `count` Unicode scalars keeps changing while it is being cleaned, as deeply nested HTML
    /// references do.
    case unsettledCaption(count: Int)
    /// The steps of the tokenizer's files make more than `limit` bytes of a caption of `count`, or of a part of it.
    case lengthenedCaption(count: Int, limit: Int)
    /// The caption makes a token that the tokenizer knows and the network's table of `rows` tokens does not.
    case tokenWithoutRow(token: String, id: Int32, rows: Int)

    /// The directory has no vocabulary in any of the known forms.
    case noVocabulary
    /// `file` cannot be opened or read, or is no plain file.
    case unreadable(file: String)
    /// `file` has more than `limit` bytes, as it is or once it is expanded.
    case fileTooLarge(file: String, limit: Int)
    /// `file` is not a whole gzip file.
    case malformedGzip(file: String)
    /// `file` is not UTF-8.
    case malformedText(file: String)
    /// `file` is not JSON of the expected shape, at this byte.
    case malformedJSON(file: String, offset: Int)
    /// `file` lacks a field that a vocabulary needs.
    case missingField(file: String, field: String)
    /// `file` describes another kind of tokenizer than CLIP's.
    case unsupportedTokenizer(file: String, found: String)

    /// The directory has no tokenizer in any of the known forms; a configuration may name the repository that has it.
    case noTokenizer(repository: String?)
    /// `file` asks for something that no known tokenizer does.
    case unsupportedStep(file: String, found: String)
    /// `file` is not a model of sentencepiece, at this byte.
    case malformedModel(file: String, offset: Int)
    /// The table of `file` by which characters are replaced cannot be read.
    case malformedCharacterMap(file: String)
    /// `file` has a piece of `count` bytes.
    case pieceTooLong(file: String, count: Int, limit: Int)

    /// `file` gives an id twice, or twice an id for one token.
    case duplicateToken(file: String, token: String)
    /// `file` gives an id below 0 or beyond `limit`.
    case idOutOfRange(file: String, token: String, limit: Int)
    /// `file` has no token for a byte, in the middle or at the end of a word.
    case missingByteToken(file: String, token: String)
    /// `file` lacks start-of-text or end-of-text.
    case missingSpecialToken(file: String, token: String)

    /// A merge is not two tokens. Merges are counted from 1.
    case malformedMerge(file: String, number: Int)
    /// A merge joins or makes something that is no token.
    case unknownToken(file: String, number: Int)
    /// A merge was given before.
    case duplicateMerge(file: String, number: Int)
    /// `count` tokens are longer than a byte, and no merge makes them: `token` is the first.
    case unreachableToken(file: String, token: String, count: Int)
    /// No token of `file` has this id, and `count` lack in all, although others have larger ones.
    case unusedID(file: String, id: Int, count: Int)
    /// A merge stands elsewhere in the list than its token's id says.
    case misplacedMerge(file: String, number: Int)
    /// Two files of one directory do not give this token the same id, or one of them lacks it.
    case differentTokens(file: String, other: String, token: String)
    /// Two files of one directory do not list the same merge at this place.
    case differentMerges(file: String, other: String, number: Int)
}
