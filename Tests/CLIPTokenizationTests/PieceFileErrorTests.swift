import CLIPTestSupport
import CLIPTokenization
import Foundation
import Testing

@Suite("Files of pieces that lie, are cut or ask for what is not known are refused")
struct PieceFileErrorTests {
    /// A whole file, small enough to be written here.
    private static let unigram = #"""
        {"added_tokens": [{"id": 1, "content": "</s>", "normalized": false, "special": true}],
        "normalizer": NORMALIZER, "pre_tokenizer": WORDS,
        "post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "</s>", "type_id": 0}}], "special_tokens": {"</s>": {"id": "</s>", "ids": [1],
        "tokens": ["</s>"]}}}, "model": {"type": "Unigram", "unk_id": UNKNOWN, "byte_fallback": false,
        "vocab": [["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["a", -1.5], ["ab", -2.25], ["\u2581", -3e0]]}}
        """#
    private static let merges = #"""
        {"normalizer": null, "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": false,
        "ignore_merges": false, "vocab": {"<unk>": 0, "a": 1, "b": 2, "ab": 3}, "merges": MERGES}}
        """#

    private func ids(
        _ json: String,
        of text: String = "a",
        settings: String? = nil
    ) throws -> [Int32] {
        let directory = try TemporaryDirectory()
        try directory.write(json, to: "tokenizer.json")
        if let settings { try directory.write(settings, to: "tokenizer_config.json") }
        return try CaptionTokenizer(
            directory: directory.path,
            recipe: .transformers(modelType: "", contextLength: 1000)
        ).tokens(for: text).ids
    }

    private static func unigram(
        _ normalizer: String = "null",
        words: String = "null",
        unknown: String = "2"
    ) -> String {
        unigram.replacingOccurrences(of: "NORMALIZER", with: normalizer)
            .replacingOccurrences(of: "WORDS", with: words).replacingOccurrences(of: "UNKNOWN", with: unknown)
    }

    @Test("The small files are whole")
    func whole() throws {
        #expect(try ids(Self.unigram(), of: "abxya</s>a") == [4, 2, 3, 1, 3, 1])
        let json = Self.merges.replacingOccurrences(of: "MERGES", with: #"["a b"]"#)
        #expect(try ids(json, of: "abaxxb") == [3, 1, 0, 2])
    }

    @Test(
        "A step that is not known is refused by name",
        arguments: [
            (unigram(#"{"type": "Nmt"}"#), "the normalizer Nmt"),
            (unigram(#"{"type": "Sequence", "normalizers": [{"type": "NFKC"}]}"#), "the normalizer NFKC"),
            (
                unigram(#"{"type": "Replace", "pattern": {"Regex": "a+"}, "content": "b"}"#),
                "the normalizer Replace with the pattern a+"
            ),
            (unigram(#"{"type": "Strip", "strip_left": true, "strip_middle": true}"#), "strip_middle"),
            (unigram(words: #"{"type": "Digits", "individual_digits": true}"#), "the pre_tokenizer Digits"),
            (
                unigram(words: #"{"type": "Metaspace", "replacement": "_", "prepend_scheme": "odd"}"#),
                "the prepend_scheme odd"
            ),
            (
                unigram().replacingOccurrences(of: "TemplateProcessing", with: "Other"),
                "the post_processor Other"
            ),
            (unigram().replacingOccurrences(of: #""byte_f"#, with: #""odd": 1, "byte_f"#), "model.odd"),
            (unigram().replacingOccurrences(of: "Unigram", with: "WordLevel"), "the model WordLevel"),
            (
                merges.replacingOccurrences(of: "MERGES", with: "[]").replacingOccurrences(
                    of: #""ignore_merges": false"#,
                    with: #""ignore_merges": true"#
                ), "model.ignore_merges"
            ),
        ]
    )
    func steps(_ json: String, _ name: String) throws {
        let error = try #require(throws: TokenizationError.self) { try ids(json) }
        guard case .unsupportedStep(let file, let found) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(file == "tokenizer.json")
        #expect(found.contains(name))
    }

    @Test(
        "Settings that would change tokens are refused by name",
        arguments: [
            #"{"tokenizer_class": "LlamaTokenizer"}"#, #"{"truncation_side": "left"}"#,
            #"{"split_special_tokens": true}"#, #"{"sp_model_kwargs": {"enable_sampling": true}}"#,
        ]
    )
    func settings(_ json: String) throws {
        let error = try #require(throws: TokenizationError.self) { try ids(Self.unigram(), settings: json) }
        guard case .unsupportedStep("tokenizer_config.json", _) = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test("What lies is refused with the fact")
    func lies() throws {
        func merged(_ merges: String) -> String {
            Self.merges.replacingOccurrences(of: "MERGES", with: merges)
        }
        let cases: [(String, TokenizationError)] = [
            (Self.unigram(unknown: "6"), .missingSpecialToken(file: "tokenizer.json", token: "unk_id")),
            (Self.unigram(unknown: "null"), .missingSpecialToken(file: "tokenizer.json", token: "unk_id")),
            (merged(#"["a c"]"#), .unknownToken(file: "tokenizer.json", number: 1)),
            (merged(#"["a b", ["b", "a"]]"#), .unknownToken(file: "tokenizer.json", number: 2)),
            (merged(#"["a b", "a b"]"#), .duplicateMerge(file: "tokenizer.json", number: 2)),
            (merged(#"["ab"]"#), .malformedMerge(file: "tokenizer.json", number: 1)),
            (merged(#"[["a", "b", "a"]]"#), .malformedMerge(file: "tokenizer.json", number: 1)),
            (
                merged("[]").replacingOccurrences(of: #""b": 2"#, with: #""a": 2"#),
                .duplicateToken(file: "tokenizer.json", token: "a")
            ),
            (
                merged("[]").replacingOccurrences(of: #""b": 2"#, with: #""b": -2"#),
                .idOutOfRange(file: "tokenizer.json", token: "b", limit: (1 << 24) - 1)
            ),
            (
                merged("[]").replacingOccurrences(
                    of: #""unk_token": "<unk>""#,
                    with: #""unk_token": "<no>""#
                ),
                .missingSpecialToken(file: "tokenizer.json", token: "<no>")
            ),
            (
                Self.unigram().replacingOccurrences(of: #""id": 1, "content""#, with: #""id": 3, "content""#),
                .differentTokens(file: "tokenizer.json", other: "the list of added tokens", token: "</s>")
            ),
            (
                Self.unigram().replacingOccurrences(
                    of: #"{"id": "</s>", "type_id""#,
                    with: #"{"id": "<s>", "type_id""#
                ),
                .missingSpecialToken(file: "tokenizer.json", token: "<s>")
            ),
            (
                Self.unigram(#"{"type": "Precompiled", "precompiled_charsmap": "AAAA"}"#),
                .malformedCharacterMap(file: "tokenizer.json")
            ),
            (
                Self.unigram().replacingOccurrences(
                    of: #"["a", -1.5]"#,
                    with: #"["\#(String(repeating: "a", count: 3000))", -1.5]"#
                ), .pieceTooLong(file: "tokenizer.json", count: 3000, limit: 2048)
            ),
            ("{}", .missingField(file: "tokenizer.json", field: "model")),
            (#"{"model": {"type": "Unigram"}}"#, .missingField(file: "tokenizer.json", field: "model.vocab")),
        ]
        for (json, expected) in cases {
            #expect(throws: expected) { try ids(json) }
        }
    }

    @Test("A directory without a tokenizer says so, and so does one without what fills sequences up")
    func missing() throws {
        let directory = try TemporaryDirectory()
        let recipe = TextRecipe.transformers(modelType: "siglip", contextLength: 64)
        #expect(throws: TokenizationError.noTokenizer(repository: nil)) {
            try CaptionTokenizer(directory: directory.path, recipe: recipe)
        }
        try directory.write(Self.unigram(), to: "tokenizer.json")
        try directory.write(#"{"tokenizer_class": "PreTrainedTokenizerFast"}"#, to: "tokenizer_config.json")
        #expect(
            throws: TokenizationError.missingSpecialToken(file: "tokenizer_config.json", token: "pad_token")
        ) {
            try CaptionTokenizer(directory: directory.path, recipe: recipe)
        }
    }

    @Test("A file that was cut anywhere is refused", arguments: ["siglip", "bpe-symbols", "t5", "gemma"])
    func cut(_ name: String) throws {
        let (file, bytes) = try PieceFixture(name: name).vocabulary()
        var refused = 0
        let cuts = Array(stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)))
        for cut in cuts {
            let directory = try TemporaryDirectory()
            try directory.write(Array(bytes[..<cut]), to: file)
            let recipe = TextRecipe.transformers(modelType: "", contextLength: 1000)
            if (try? CaptionTokenizer(directory: directory.path, recipe: recipe)) == nil { refused += 1 }
        }
        #expect(refused == cuts.count, "\(refused) of \(cuts.count)")
    }

    @Test("Whatever bytes are changed, nothing breaks", arguments: PieceFixture.all)
    func changed(_ fixture: PieceFixture) throws {
        let (file, bytes) = try fixture.vocabulary()
        var state: UInt64 = 7
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let recipe = TextRecipe.transformers(modelType: "", contextLength: 100)
        var read = 0
        for round in 0..<60 {
            var changed = bytes
            // JSON that is no text is refused at once.
            let bound = file == "tokenizer.json" ? 128 : 256
            for _ in 0...(round % 3) { changed[random(bytes.count)] = UInt8(random(bound)) }
            let directory = try TemporaryDirectory()
            try directory.write(changed, to: file)
            guard let tokenizer = try? CaptionTokenizer(directory: directory.path, recipe: recipe) else {
                continue
            }
            read += 1
            for text in ["", "a photo of a cat", "고양이 ½ ﬃ </s>", "\u{1100}\u{1161}  \n\u{2581}"] {
                let ids = try tokenizer.tokens(for: text, truncating: true).ids
                #expect(ids.allSatisfy { 0..<Int32(tokenizer.vocabularyCount) ~= $0 })
            }
        }
        // Most changes are to a letter or a score.
        #expect(read > 0)
    }
}
