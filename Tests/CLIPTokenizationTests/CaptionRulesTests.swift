import CLIPTestSupport
import CLIPTokenization
import Foundation
import Testing

@Suite("CLIPs in transformers' layout read captions as CLIPTokenizer does")
struct CaptionRulesTests {
    private static let recipe = TextRecipe.transformers(modelType: "clip", contextLength: 1 << 20)

    private func cases(_ name: String) throws -> [(text: String, ids: [Int32])] {
        try Fixture.decode([[String]].self, from: "byte_pairs/\(name).json").map { golden in
            (golden[0], golden[1].split(separator: " ").compactMap { Int32($0) })
        }
    }

    private func expectEqual(_ tokenizer: CaptionTokenizer, _ name: String) throws {
        let cases = try cases(name)
        #expect(cases.count >= 350)
        for (text, ids) in cases {
            let found = try tokenizer.tokens(for: text).ids
            #expect(found == ids, "\(text.debugDescription)")
        }
    }

    @Test("With OpenAI's vocabulary, which no file has to bring")
    func openAI() throws {
        let directory = try TemporaryDirectory()
        let tokenizer = try withExtendedLifetime(directory) {
            try CaptionTokenizer(directory: directory.path, recipe: Self.recipe)
        }
        try expectEqual(tokenizer, "openai")
    }

    @Test(
        "With one that was learnt anew, in which hardly a byte ends a word: what it lacks is the unknown token"
    )
    func retrained() throws {
        let directory = Fixture.url("byte_pairs/retrained").path
        try expectEqual(CaptionTokenizer(directory: directory, recipe: Self.recipe), "retrained")
        // OpenAI's code has no unknown token.
        #expect {
            try CaptionTokenizer(directory: directory, recipe: .openAI())
        } throws: { error in
            guard case .missingByteToken("tokenizer.json", _)? = error as? TokenizationError else {
                return false
            }
            return true
        }
    }

    @Test(
        "A special token is looked for in the caption as it came, or in lower case where its tasks say so",
        arguments: [
            (#""eos_token": OBJECT"#, false), (#""eos_token": OBJECT, "pad_token": "!""#, false),
            (#""pad_token": OBJECT"#, true),
            (#""unk_token": OBJECT, "eos_token": OBJECT, "pad_token": OBJECT"#, true),
            (#""eos_token": "<|endoftext|>", "pad_token": "!""#, false),
        ]
    )
    func specials(settings: String, isNormalized: Bool) throws {
        // As transformers 5.24 reads these very files.
        let directory = try TemporaryDirectory()
        let object = #"{"__type": "AddedToken", "content": "<|endoftext|>", "normalized": true}"#
        let vocabulary = try WrittenVocabulary.openAI()
        let files = [
            "vocab.json": vocabulary.vocabularyJSON, "merges.txt": vocabulary.mergesText,
            "tokenizer_config.json":
                "{\"tokenizer_class\": \"CLIPTokenizer\", \(settings.replacing("OBJECT", with: object))}",
        ]
        for (name, text) in files { try directory.write(text, to: name) }
        let tokenizer = try withExtendedLifetime(directory) {
            try CaptionTokenizer(directory: directory.path, recipe: Self.recipe)
        }
        #expect(try tokenizer.tokens(for: "<|endoftext|>").ids == [49406, 49407, 49407])
        let shouted = try tokenizer.tokens(for: "<|EndOfText|>").ids
        #expect((shouted == [49406, 49407, 49407]) == isNormalized, "\(shouted)")
    }
}
