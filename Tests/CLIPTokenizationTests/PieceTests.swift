import CLIPTestSupport
import CLIPTokenization
import Testing

@Suite("Captions become the references' ids by tokenizers of pieces")
struct PieceTests {
    @Test("Every string has the reference's ids", arguments: PieceFixture.all)
    func references(_ fixture: PieceFixture) throws {
        let tokenizer = try fixture.tokenizer()
        let cases = try fixture.cases()
        #expect(cases.count >= 400)
        for (text, ids) in cases {
            #expect(try tokenizer.tokens(for: text, truncating: true).ids == ids, "\(text.debugDescription)")
        }
    }

    @Test("SigLIP's sequences are filled up to the context, and end-of-text stays last when they are cut")
    func padding() throws {
        let directory = PieceFixture(name: "siglip").directory
        let tokenizer = try CaptionTokenizer(
            directory: directory,
            recipe: .transformers(modelType: "siglip", contextLength: 12)
        )
        let short = try tokenizer.tokens(for: "A photo of a cat").ids
        #expect(short.count == 12)
        #expect(short.last == tokenizer.padding)
        #expect(short.contains(try #require(tokenizer.endOfText)))
        let caption = "two people ride bicycles along the river at sunset and the children play"
        let whole = try PieceFixture(name: "siglip").tokenizer().tokens(for: caption).ids
        #expect(throws: TokenizationError.tooManyTokens(count: whole.count, limit: 12)) {
            try tokenizer.tokens(for: caption)
        }
        let cut = try tokenizer.tokens(for: caption, truncating: true).ids
        #expect(cut == whole.prefix(11) + [1])
    }

    @Test("A token that a network has no row for is refused by its name, unless it was cut off")
    func limitedRows() throws {
        let directory = PieceFixture(name: "t5").directory
        let recipe = TextRecipe.transformers(modelType: "siglip", contextLength: 8)
        let whole = try CaptionTokenizer(directory: directory, recipe: recipe)
        let ids = try whole.tokens(for: "a cat").ids
        let rows = whole.vocabularyCount
        // As many rows as tokens, or more, refuse nothing.
        for more in [0, 1, 1000] {
            #expect(try whole.limited(toRows: rows + more).tokens(for: "a cat").ids == ids)
        }
        let largest = try #require(ids.max())
        #expect(try whole.limited(toRows: Int(largest) + 1).tokens(for: "a cat").ids == ids)
        let limited = whole.limited(toRows: Int(largest))
        let error = try #require(throws: TokenizationError.self) { try limited.tokens(for: "a cat") }
        guard case .tokenWithoutRow(_, largest, Int(largest)) = error else {
            Issue.record("\(error)")
            return
        }
        // Padding, end-of-text and what unknown characters become.
        #expect(whole.standingTokens.map(\.id).sorted() == [0, 1, 2])
    }

    @Test("MetaCLIP 2's sequences are as long as their captions")
    func unpadded() throws {
        let tokenizer = try CaptionTokenizer(
            directory: PieceFixture(name: "xlm-roberta").directory,
            recipe: .transformers(modelType: "metaclip_2", contextLength: 77)
        )
        #expect(try tokenizer.tokens(for: "").ids == [0, 2])
        let ids = try tokenizer.tokens(for: "고양이").ids
        #expect(ids.first == 0 && ids.last == 2 && ids.count < 10)
        #expect(tokenizer.endOfText == 2)
        #expect(tokenizer.padding == 1)
    }

    @Test("Sequences are filled up at the side that the settings name")
    func paddingSide() throws {
        let directory = try TemporaryDirectory()
        let fixture = PieceFixture(name: "gemma")
        try directory.write(try fixture.vocabulary().bytes, to: "tokenizer.json")
        for (side, settings) in [
            ("left", #"{"tokenizer_class":"GemmaTokenizerFast"}"#),
            ("right", #"{"tokenizer_class":"GemmaTokenizerFast","padding_side":"right"}"#),
        ] {
            try directory.write(settings, to: "tokenizer_config.json")
            let ids = try CaptionTokenizer(
                directory: directory.path,
                recipe: .transformers(modelType: "siglip", contextLength: 64)
            ).tokens(for: "cat").ids
            #expect(ids.count == 64)
            #expect((ids.first == 0) == (side == "left"))
            #expect((ids.last == 0) == (side == "right"))
        }
    }

    @Test("The number of tokens and the special ones are those of the files")
    func figures() throws {
        let t5 = try PieceFixture(name: "t5").tokenizer()
        let xlm = try PieceFixture(name: "xlm-roberta").tokenizer()
        // fairseq has one special token more at the beginning, and one at the end.
        #expect(xlm.vocabularyCount == t5.vocabularyCount + 2)
        #expect(t5.endOfText == 1)
        #expect(t5.vocabulary == nil)
        #expect(t5.plainVocabularyCount == t5.vocabularyCount)
        let symbols = try PieceFixture(name: "bpe-symbols").tokenizer()
        #expect(symbols.plainVocabularyCount <= symbols.vocabularyCount)
    }

    @Test("Jamo and syllables are the same to a table of characters, in both kinds of file")
    func hangul() throws {
        for name in ["t5", "siglip", "unigram", "xlm-roberta"] {
            let tokenizer = try PieceFixture(name: name).tokenizer()
            let syllables = try tokenizer.tokens(for: "\u{ACE0}\u{C591}\u{C774}").ids
            let jamo = "\u{1100}\u{1169}\u{110B}\u{1163}\u{11BC}\u{110B}\u{1175}"
            #expect(try tokenizer.tokens(for: jamo).ids == syllables, "\(name)")
        }
    }

    @Test("A megabyte of one letter takes a moment", .timeLimit(.minutes(1)), arguments: PieceFixture.all)
    func endless(_ fixture: PieceFixture) throws {
        let tokenizer = try fixture.tokenizer()
        let clock = ContinuousClock()
        for (letter, bytes) in [
            ("a", 1 << 20), ("가", 1 << 16), (" ", 1 << 16), ("\n", 1 << 16), ("\u{2581}", 1 << 16),
            ("<", 1 << 16),
            ("\u{1100}", 1 << 16), ("👩‍👧", 1 << 16),
        ] {
            let text = String(repeating: letter, count: bytes / letter.utf8.count)
            // Many times what it takes, and a small part of what the square of its length would.
            let time = try clock.measure { _ = try tokenizer.tokens(for: text, truncating: true) }
            #expect(time < .seconds(10), "\(letter.debugDescription) \(time)")
        }
    }
}
