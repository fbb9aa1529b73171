import CLIPTestSupport
import CLIPTokenization
import Testing

@Suite("open_clip's configurations say how captions are read")
struct TextRecipeTests {
    private func recipe(_ text: String) throws -> TextRecipe {
        try TextRecipe(openCLIPConfig: Array(text.utf8))
    }

    @Test("SigLIP's captions lose case and punctuation, and fill the context")
    func siglip() throws {
        let recipe = try recipe(
            #"""
            {"model_cfg": {"embed_dim": 768, "text_cfg": {"context_length": 64, "vocab_size": 32000,
            "hf_tokenizer_name": "timm/ViT-B-16-SigLIP", "tokenizer_kwargs": {"clean": "canonicalize"},
            "no_causal_mask": true, "pool_type": "last"}}, "preprocess_cfg": {}}
            """#
        )
        #expect(recipe.source == .files)
        #expect(recipe.contextLength == 64)
        #expect(recipe.cleaning == .canonical)
        #expect(recipe.padsToContext)
        #expect(!recipe.replacesSeparators)
    }

    @Test("MetaCLIP 2's captions are cleaned of white space, and not filled up")
    func metaCLIP() throws {
        let recipe = try recipe(
            #"{"text_cfg": {"hf_tokenizer_name": "facebook/xlm-v-base", "pool_type": "eos", "context_length": 77}}"#
        )
        #expect(recipe.source == .files)
        #expect(recipe.cleaning == .whiteSpace)
        #expect(!recipe.padsToContext)
    }

    @Test("CLIPA's separators become 0")
    func clipa() throws {
        let recipe = try recipe(
            #"""
            {"text_cfg": {"hf_tokenizer_name": "bert-base-uncased", "tokenizer_kwargs": {"strip_sep_token": true,
            "language": null}, "pool_type": "last", "context_length": 32}}
            """#
        )
        #expect(recipe.replacesSeparators)
        #expect(recipe.padsToContext)
        #expect(recipe.contextLength == 32)
    }

    @Test("Without a tokenizer's name it is OpenAI's, filled up where the network reads everything")
    func openAI() throws {
        #expect(try recipe("{}") == .openAI(findsKnownTokens: false))
        let mobile = try recipe(
            #"{"model_cfg": {"text_cfg": {"no_causal_mask": true, "context_length": 77}}}"#
        )
        #expect(mobile == .openAI(contextLength: 77, padsToContext: true, findsKnownTokens: false))
    }

    @Test(
        "A setting that is not known is refused by name",
        arguments: [
            (#"{"text_cfg": {"tokenizer_kwargs": {"clean": "none"}}}"#, "clean none"),
            (#"{"text_cfg": {"tokenizer_kwargs": {"clean": 1}}}"#, "tokenizer_kwargs.clean"),
            (#"{"text_cfg": {"tokenizer_kwargs": {"strip_sep_token": "false"}}}"#, "strip_sep_token"),
            (#"{"text_cfg": {"tokenizer_kwargs": [1]}}"#, "a tokenizer_kwargs that is no object"),
            (#"{"text_cfg": {"hf_tokenizer_name": 7}}"#, "hf_tokenizer_name"),
            (#"{"text_cfg": {"tokenizer_mode": 1}}"#, "tokenizer_mode"),
            (
                #"{"text_cfg": {"hf_tokenizer_name": "x", "tokenizer_kwargs": {"clean": "none"}}}"#,
                "clean none"
            ),
            (
                #"{"text_cfg": {"hf_tokenizer_name": "x", "tokenizer_kwargs": {"language": "ko"}}}"#,
                "language"
            ),
            (#"{"text_cfg": {"tokenizer_kwargs": {"strip_sep_token": true}}}"#, "strip_sep_token"),
            (#"{"text_cfg": {"tokenizer_kwargs": {"reduction_mask": "simple"}}}"#, "reduction_mask"),
            (#"{"text_cfg": {"hf_tokenizer_name": "x", "tokenizer_mode": "clips"}}"#, "tokenizer_mode clips"),
        ]
    )
    func refused(_ configuration: String, _ name: String) throws {
        let error = try #require(throws: TokenizationError.self) { try recipe(configuration) }
        guard case .unsupportedStep(let file, let found) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(file == "open_clip_config.json")
        #expect(found.contains(name))
    }

    @Test(
        "A context of one token, of none or of millions is none",
        arguments: ["1", "0", "-3", "99999999", "1e3"]
    )
    func contexts(_ length: String) {
        #expect(throws: TokenizationError.self) {
            try recipe(#"{"text_cfg": {"context_length": \#(length)}}"#)
        }
    }

    @Test(
        "What Python takes for true or false is so, as the network's reader has it",
        arguments: [
            ("true", true), ("1", true), ("2.5", true), ("NaN", true), ("\"false\"", true), ("[0]", true),
            ("false", false), ("0", false), ("-0.0", false), ("null", false), ("\"\"", false), ("[]", false),
            ("{}", false),
        ]
    )
    func truth(_ value: String, _ isTrue: Bool) throws {
        let own = try recipe(#"{"text_cfg": {"no_causal_mask": \#(value)}}"#)
        #expect(own.padsToContext == isTrue)
        let files = try recipe(
            #"{"text_cfg": {"hf_tokenizer_name": "x", "tokenizer_kwargs": {"strip_sep_token": \#(value)}}}"#
        )
        #expect(files.replacesSeparators == isTrue)
    }

    @Test(
        "Of two members with one name the last counts, numbers may be infinite, and what is no JSON is refused at its byte"
    )
    func asPython() throws {
        let twice = #"""
            {"x": NaN, "y": [-Infinity], "text_cfg": {"context_length": 12, "hf_tokenizer_name": "x"},
            "text_cfg": {"no_causal_mask": 1}}
            """#
        #expect(try recipe(twice) == .openAI(padsToContext: true, findsKnownTokens: false))
        #expect(throws: TokenizationError.malformedJSON(file: "open_clip_config.json", offset: 8)) {
            try recipe("{\"é\":  x}")
        }
        #expect(throws: TokenizationError.malformedText(file: "open_clip_config.json")) {
            try TextRecipe(openCLIPConfig: [0x7B, 0xFF])
        }
    }

    @Test("The repository that a configuration names is told where its tokenizer's files are not there")
    func repository() throws {
        let recipe = try recipe(#"{"text_cfg": {"hf_tokenizer_name": "timm/ViT-B-16-SigLIP"}}"#)
        let directory = try TemporaryDirectory()
        let error = try #require(throws: TokenizationError.self) {
            try CaptionTokenizer(directory: directory.path, recipe: recipe)
        }
        #expect(error == .noTokenizer(repository: "timm/ViT-B-16-SigLIP"))
        #expect(error.description.contains("files of 'timm/ViT-B-16-SigLIP'"))
    }

    @Test(
        "OpenAI's words are found in captions that are cleaned otherwise",
        arguments: ["whitespace", "canonicalize"]
    )
    func otherwiseCleaned(_ clean: String) throws {
        let recipe = try recipe(
            #"{"text_cfg": {"context_length": 1000, "tokenizer_kwargs": {"clean": "\#(clean)"}}}"#
        )
        let directory = try TemporaryDirectory()
        let tokenizer = try CaptionTokenizer(directory: directory.path, recipe: recipe)
        let cases = try Fixture.decode([String: [[String]]].self, from: "tokenization/otherwise-cleaned.json")
        let golden = try #require(cases[clean])
        #expect(golden.count > 60)
        for pair in golden {
            let ids = pair[1].split(separator: " ").compactMap { Int32($0) }
            #expect(
                try tokenizer.tokens(for: pair[0]).ids == [49406] + ids + [49407],
                "\(pair[0].debugDescription)"
            )
        }
    }

    @Test("OpenAI's captions are filled up with 0 where the recipe says so")
    func padded() throws {
        let directory = try TemporaryDirectory()
        let recipe = TextRecipe.openAI(contextLength: 16, padsToContext: true)
        let tokenizer = try CaptionTokenizer(directory: directory.path, recipe: recipe)
        let ids = try tokenizer.tokens(for: "a photo of a cat").ids
        #expect(ids == [49406, 320, 1125, 539, 320, 2368, 49407] + Array(repeating: 0, count: 9))
        #expect(tokenizer.vocabulary != nil)
        #expect(tokenizer.endOfText == 49407)
    }
}
