import CLIPTestSupport
import CLIPTokenization
import Testing

@Suite("The words of tokenization errors")
struct WordsTests {
    @Test("Every error is a sentence, and says what to do")
    func sentences() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "tooManyTokens": TokenizationError.tooManyTokens(count: 78, limit: 77),
            "unsettledCaption": TokenizationError.unsettledCaption(count: 9),
            "tokenWithoutRow": TokenizationError.tokenWithoutRow(token: "<extra_id_5>", id: 9, rows: 8),
            "noVocabulary": TokenizationError.noVocabulary,
            "unreadable": TokenizationError.unreadable(file: "vocab.json"),
            "fileTooLarge": TokenizationError.fileTooLarge(file: "vocab.json", limit: 8),
            "malformedGzip": TokenizationError.malformedGzip(file: "a.gz"),
            "malformedText": TokenizationError.malformedText(file: "vocab.json"),
            "malformedJSON": TokenizationError.malformedJSON(file: "vocab.json", offset: 0),
            "missingField": TokenizationError.missingField(file: "tokenizer.json", field: "model"),
            "unsupportedTokenizer": TokenizationError.unsupportedTokenizer(
                file: "tokenizer.json",
                found: "WordPiece"
            ),
            "lengthenedCaption": TokenizationError.lengthenedCaption(count: 9, limit: 8),
            "noTokenizer": TokenizationError.noTokenizer(repository: "timm/ViT-B-16-SigLIP"),
            "unsupportedStep": TokenizationError.unsupportedStep(
                file: "tokenizer.json",
                found: "the normalizer Nmt"
            ),
            "malformedModel": TokenizationError.malformedModel(file: "spiece.model", offset: 8),
            "malformedCharacterMap": TokenizationError.malformedCharacterMap(file: "spiece.model"),
            "pieceTooLong": TokenizationError.pieceTooLong(file: "spiece.model", count: 9, limit: 8),
            "duplicateToken": TokenizationError.duplicateToken(file: "vocab.json", token: "a"),
            "idOutOfRange": TokenizationError.idOutOfRange(file: "vocab.json", token: "a", limit: 8),
            "missingByteToken": TokenizationError.missingByteToken(file: "vocab.json", token: "a"),
            "missingSpecialToken": TokenizationError.missingSpecialToken(
                file: "vocab.json",
                token: "<|endoftext|>"
            ),
            "malformedMerge": TokenizationError.malformedMerge(file: "merges.txt", number: 1),
            "unknownToken": TokenizationError.unknownToken(file: "merges.txt", number: 1),
            "duplicateMerge": TokenizationError.duplicateMerge(file: "merges.txt", number: 1),
            "unreachableToken": TokenizationError.unreachableToken(
                file: "merges.txt",
                token: "cat",
                count: 7
            ),
            "unusedID": TokenizationError.unusedID(file: "vocab.json", id: 612, count: 7),
            "misplacedMerge": TokenizationError.misplacedMerge(file: "merges.txt", number: 1),
            "differentTokens": TokenizationError.differentTokens(
                file: "vocab.json",
                other: "tokenizer.json",
                token: "cat</w>"
            ),
            "differentMerges": TokenizationError.differentMerges(
                file: "merges.txt",
                other: "tokenizer.json",
                number: 1
            ),
        ]
        let complaints = try Words.complaints(
            of: samples,
            type: "TokenizationError",
            in: "CLIPTokenization/TokenizationError.swift"
        )
        #expect(complaints == [])
    }
}
