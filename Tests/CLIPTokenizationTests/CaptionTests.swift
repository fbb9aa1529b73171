import CLIPTestSupport
import CLIPTokenization
import Testing

@Suite("Captions become the token ids of OpenAI's tokenizer")
struct CaptionTests {
    private let vocabulary: Vocabulary

    init() throws {
        vocabulary = try SharedVocabulary.openAI.get()
    }

    @Test("Every collected and composed caption has the reference's ids")
    func captions() throws {
        let cases = try Fixture.decode([[String]].self, from: "tokenization/captions.json")
        #expect(cases.count >= 2_000)
        let tokenizer = CaptionTokenizer(vocabulary: vocabulary, contextLength: 10_000)
        for golden in cases {
            let ids = golden[1].split(separator: " ").compactMap { Int32($0) }
            let tokens = try tokenizer.tokens(for: golden[0])
            #expect(tokens.ids == [49406] + ids + [49407], "\(golden[0].debugDescription)")
        }
    }

    private struct LongCaption: Decodable {
        var unit: String
        var times: Int
        var count: Int
        var hash: String
    }

    @Test("Long captions have the reference's ids, and are refused with their count")
    func longCaptions() throws {
        let tokenizer = CaptionTokenizer(vocabulary: vocabulary, contextLength: 1_000_000)
        let model = CaptionTokenizer(vocabulary: vocabulary)
        for golden in try Fixture.decode([LongCaption].self, from: "tokenization/long-captions.json") {
            let caption = String(repeating: golden.unit, count: golden.times)
            let ids = try tokenizer.tokens(for: caption).ids
            #expect(ids.count == golden.count, "\(golden.unit.debugDescription)")
            #expect(FNV.hash(ids.lazy.map { UInt32($0) }) == golden.hash, "\(golden.unit.debugDescription)")
            guard golden.count > 77, golden.times <= 1_000 || golden.unit == "word " else { continue }
            #expect(throws: TokenizationError.tooManyTokens(count: golden.count, limit: 77)) {
                try model.tokens(for: caption)
            }
        }
    }

    @Test("A truncated caption keeps its first tokens, and end-of-text as the last")
    func truncation() throws {
        let whole = try CaptionTokenizer(vocabulary: vocabulary, contextLength: 500)
            .tokens(for: String(repeating: "a photo of a cat, ", count: 30)).ids
        for limit in [2, 3, 10, 77] {
            let tokenizer = CaptionTokenizer(vocabulary: vocabulary, contextLength: limit)
            let ids = try tokenizer.tokens(
                for: String(repeating: "a photo of a cat, ", count: 30),
                truncating: true
            ).ids
            #expect(ids == whole.prefix(limit - 1) + [49407])
        }
    }

    @Test("A truncated caption does not hold on to the room of the whole one")
    func truncatedRoom() throws {
        let tokenizer = CaptionTokenizer(vocabulary: vocabulary)
        let caption = String(repeating: "word ", count: 10_000)
        #expect(try tokenizer.tokens(for: caption, truncating: true).ids.capacity < 2 * 77)
    }

    @Test(
        "A caption that fills the context exactly is neither refused nor truncated",
        arguments: [false, true]
    )
    func fullContext(truncating: Bool) throws {
        let tokenizer = CaptionTokenizer(vocabulary: vocabulary)
        let full = Array(repeating: "cat", count: 75).joined(separator: " ")
        let ids = try tokenizer.tokens(for: full, truncating: truncating).ids
        #expect(ids == [49406] + Array(repeating: 2368, count: 75) + [49407])
        #expect(throws: TokenizationError.tooManyTokens(count: 78, limit: 77)) {
            try tokenizer.tokens(for: full + " cat")
        }
    }

    @Test("A caption that never settles while it is cleaned is refused")
    func unsettled() {
        let caption = "&" + String(repeating: "amp;", count: 3_000)
        #expect(throws: TokenizationError.unsettledCaption(count: 12_001)) {
            try CaptionTokenizer(vocabulary: vocabulary).tokens(for: caption)
        }
    }

    @Test("A nest of references that a person could type still settles")
    func nested() throws {
        let caption = "&" + String(repeating: "amp;", count: 200)
        #expect(try CaptionTokenizer(vocabulary: vocabulary).tokens(for: caption).ids == [49406, 261, 49407])
    }
}
