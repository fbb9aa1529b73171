import CLIPTestSupport
import CLIPTokenization
import Testing

@Suite("Vocabularies are read in every form")
struct VocabularyTests {
    private struct Golden: Decodable {
        var count: Int
        var merges: String
        var tokens: String
    }

    @Test("The embedded vocabulary is OpenAI's")
    func embedded() throws {
        let golden = try Fixture.decode(Golden.self, from: "tokenization/vocabulary.json")
        let vocabulary = try Vocabulary.openAI()
        #expect(vocabulary.count == golden.count)
        #expect(vocabulary.startOfText == 49_406)
        #expect(vocabulary.endOfText == 49_407)
        let (tokens, merges) = try PackedMerges.written()
        #expect(FNV.hash(tokens.lazy.flatMap { $0.map { UInt32($0) } + [0] }) == golden.tokens)
        let numbers = merges.enumerated().lazy.flatMap { [UInt32($1.0), UInt32($1.1), UInt32(512 + $0)] }
        #expect(FNV.hash(numbers) == golden.merges)
    }

    private static let captions = [
        "a photo of a cat", "antidisestablishmentarianism", "눈 위의 고양이", "it's 3.14!? <|endoftext|> naïve",
        "👩🏽‍💻",
    ]

    private func ids(_ vocabulary: Vocabulary) throws -> [[Int32]] {
        let tokenizer = CaptionTokenizer(vocabulary: vocabulary)
        return try Self.captions.map { try tokenizer.tokens(for: $0).ids }
    }

    @Test(
        "OpenAI's vocabulary is the same in each of its files",
        arguments: ["two files", "strings", "pairs", "gzip"]
    )
    func forms(form: String) throws {
        let directory = try TemporaryDirectory()
        let written = try WrittenVocabulary.openAI()
        switch form {
        case "two files":
            try directory.write(written.vocabularyJSON, to: "vocab.json")
            try directory.write(written.mergesText, to: "merges.txt")
        case "strings":
            try directory.write(written.tokenizerJSON(mergesAsPairs: false), to: "tokenizer.json")
        case "pairs":
            try directory.write(written.tokenizerJSON(mergesAsPairs: true), to: "tokenizer.json")
        default:
            // As in OpenAI's file, there are more merges than the vocabulary takes.
            var longer = written
            longer.merges += [("a", "?"), ("b", "?")]
            try directory.write(longer.gzip(), to: "bpe_simple_vocab_16e6.txt.gz")
        }
        #expect(Vocabulary.isPresent(inDirectory: directory.path))
        let vocabulary = try Vocabulary(directory: directory.path)
        #expect(vocabulary.count == 49_408)
        #expect(try ids(vocabulary) == ids(SharedVocabulary.openAI.get()))
    }

    @Test("Ids come from the file, even when they are in another order")
    func ownIDs() throws {
        let directory = try TemporaryDirectory()
        var written = WrittenVocabulary.small()
        try directory.write(written.vocabularyJSON, to: "vocab.json")
        try directory.write(written.mergesText, to: "merges.txt")
        let straight = CaptionTokenizer(vocabulary: try Vocabulary(directory: directory.path))
        let caption = "The cat: aaaaaa, aaaaa the\u{7FF}"
        let ids = try straight.tokens(for: caption).ids

        written.tokens = written.tokens.map { ($0.text, ($0.id * 7) % written.tokens.count) }
        let other = try TemporaryDirectory()
        try other.write(written.vocabularyJSON, to: "vocab.json")
        try other.write(written.mergesText, to: "merges.txt")
        let vocabulary = try Vocabulary(directory: other.path)
        let map = Dictionary(
            uniqueKeysWithValues: written.tokens.enumerated().map { (Int32($0), Int32($1.id)) }
        )
        #expect(vocabulary.count == written.tokens.count)
        #expect(vocabulary.endOfText == map[Int32(written.tokens.count - 1)])
        #expect(
            try CaptionTokenizer(vocabulary: vocabulary).tokens(for: caption).ids == ids.map { map[$0] ?? -1 }
        )
    }

    @Test("Merges go by rank, then from the left, and by the tokens that are there")
    func mergeOrder() throws {
        let directory = try TemporaryDirectory()
        let written = WrittenVocabulary.small()
        try directory.write(written.tokenizerJSON(mergesAsPairs: true), to: "tokenizer.json")
        let tokenizer = CaptionTokenizer(vocabulary: try Vocabulary(directory: directory.path))
        func texts(_ caption: String) throws -> [String] {
            try tokenizer.tokens(for: caption).ids.dropFirst().dropLast().map { written.tokens[Int($0)].text }
        }
        #expect(try texts("cat") == ["cat</w>"])
        #expect(try texts("that") == ["th", "at</w>"])
        #expect(try texts("the thee") == ["the</w>", "th", "e", "e</w>"])
        #expect(try texts("aaaaaaa") == ["aaaa", "aa", "a</w>"])
        #expect(try texts("aaaaaa") == ["aaaa", "a", "a</w>"])
        #expect(try texts("a") == ["a</w>"])
    }

    @Test("A repeated special token among the added ones is no duplicate")
    func addedTokens() throws {
        let directory = try TemporaryDirectory()
        var written = WrittenVocabulary.small()
        let special = written.tokens.suffix(2)
        written.tokens.removeLast(2)
        let model = written.tokenizerJSON(mergesAsPairs: false)
        let added = special.map { "{\"id\":\($0.id),\"content\":\"\($0.text)\"}" }.joined(separator: ",")
        try directory.write(
            model.replacing("\"added_tokens\": []", with: "\"added_tokens\": [\(added)]"),
            to: "tokenizer.json"
        )
        #expect(try Vocabulary(directory: directory.path).endOfText == Int32(written.tokens.count + 1))
    }

    @Test("A directory without a vocabulary has none")
    func absent() throws {
        let directory = try TemporaryDirectory()
        #expect(!Vocabulary.isPresent(inDirectory: directory.path))
        #expect(!Vocabulary.isPresent(inDirectory: directory.path + "/nowhere"))
        #expect(throws: TokenizationError.noVocabulary) { try Vocabulary(directory: directory.path) }
    }
}
