import CLIPTestSupport
import CLIPTokenization
import Testing

@Suite("What stands beside a vocabulary is honoured or refused")
struct SideFileTests {
    /// Writes the files and reads the vocabulary.
    private func vocabulary(_ files: [String: String]) throws -> Vocabulary {
        let directory = try TemporaryDirectory()
        for (name, text) in files { try directory.write(text, to: name) }
        return try Vocabulary(directory: directory.path)
    }

    private func ids(_ text: String, _ files: [String: String]) throws -> [Int32] {
        try CaptionTokenizer(vocabulary: vocabulary(files)).tokens(for: text).ids
    }

    private let small = WrittenVocabulary.small()
    private var twoFiles: [String: String] {
        ["vocab.json": small.vocabularyJSON, "merges.txt": small.mergesText]
    }
    private var tokenizer: String { small.tokenizerJSON(mergesAsPairs: true) }
    /// The first id behind the vocabulary's.
    private var next: Int { small.tokens.count }

    // MARK: Merges

    @Test("A list of merges that was cut is refused in every form, however many are left", arguments: 0...5)
    func cutMerges(kept: Int) throws {
        var cut = small
        cut.merges.removeSubrange(kept...)
        for files in [
            ["vocab.json": cut.vocabularyJSON, "merges.txt": cut.mergesText],
            ["tokenizer.json": cut.tokenizerJSON(mergesAsPairs: true)],
            ["tokenizer.json": cut.tokenizerJSON(mergesAsPairs: false)],
        ] {
            #expect {
                try vocabulary(files)
            } throws: { error in
                guard case .unreachableToken(let file, let token, let count) = error as? TokenizationError
                else {
                    return false
                }
                let first = small.merges[kept]
                return files[file] != nil && token == first.0 + first.1 && count == 6 - kept
            }
        }
    }

    @Test("A merge that is missing in the middle is told by the token that nothing makes")
    func missingMerge() throws {
        var cut = small
        cut.merges.remove(at: 3)
        #expect(throws: TokenizationError.unreachableToken(file: "merges.txt", token: "the</w>", count: 1)) {
            try vocabulary(["vocab.json": cut.vocabularyJSON, "merges.txt": cut.mergesText])
        }
    }

    @Test("A longer token without a merge is none of the added ones")
    func strangeToken() throws {
        var more = small
        more.tokens.append(("catcat</w>", next))
        #expect(
            throws: TokenizationError.unreachableToken(file: "tokenizer.json", token: "catcat</w>", count: 1)
        ) {
            try vocabulary(["tokenizer.json": more.tokenizerJSON(mergesAsPairs: false)])
        }
    }

    // MARK: Several forms

    /// All three forms of a vocabulary, where some may be of another.
    private func allForms(
        tokens: WrittenVocabulary? = nil,
        merges: WrittenVocabulary? = nil,
        tokenizer: WrittenVocabulary? = nil,
        gzip: WrittenVocabulary? = nil
    ) throws -> [String: [UInt8]] {
        [
            "vocab.json": Array((tokens ?? small).vocabularyJSON.utf8),
            "merges.txt": Array((merges ?? small).mergesText.utf8),
            "tokenizer.json": Array((tokenizer ?? small).tokenizerJSON(mergesAsPairs: true).utf8),
            "bpe_simple_vocab_16e6.txt.gz": try (gzip ?? small).gzip(),
        ]
    }

    @Test("Forms that agree are read as one, and one that lists something else is refused with both names")
    func severalForms() throws {
        func read(_ files: [String: [UInt8]]) throws -> Vocabulary {
            let directory = try TemporaryDirectory()
            for (name, bytes) in files { try directory.write(bytes, to: name) }
            return try Vocabulary(directory: directory.path)
        }
        func expect(_ error: TokenizationError, _ files: [String: [UInt8]]) {
            #expect(throws: error) { try read(files) }
        }
        let all = try read(allForms())
        #expect(
            try CaptionTokenizer(vocabulary: all).tokens(for: "the cat").ids == ids("the cat", twoFiles)
        )
        var other = small
        other.tokens.swapAt(5, 6)
        (other.tokens[5].id, other.tokens[6].id) = (5, 6)
        let gzip = "bpe_simple_vocab_16e6.txt.gz"
        let (tokens, merges, tokenizer) = ("vocab.json", "merges.txt", "tokenizer.json")
        let different = TokenizationError.differentTokens(
            file: tokens,
            other: tokenizer,
            token: other.tokens[5].text
        )
        expect(different, try allForms(tokens: other))
        try expect(
            .differentTokens(file: tokens, other: tokenizer, token: small.tokens[5].text),
            allForms(tokenizer: other)
        )
        other = small
        other.tokens.insert(("cats</w>", next), at: 517)
        expect(
            .differentTokens(file: tokens, other: tokenizer, token: "cats</w>"),
            try allForms(tokens: other)
        )
        other = small
        other.merges.removeLast()
        try expect(.differentMerges(file: merges, other: tokenizer, number: 6), allForms(merges: other))
        try expect(.differentMerges(file: merges, other: tokenizer, number: 6), allForms(tokenizer: other))
        try expect(.differentMerges(file: merges, other: gzip, number: 6), allForms(gzip: other))
        other = small
        other.merges.swapAt(0, 1)
        try expect(.differentMerges(file: merges, other: tokenizer, number: 1), allForms(tokenizer: other))
        var two = try allForms(gzip: other)
        two["vocab.json"] = nil
        two["merges.txt"] = nil
        expect(.differentMerges(file: tokenizer, other: gzip, number: 1), two)
        // Half of a form counts too.
        two = try allForms(tokens: other, tokenizer: small)
        two["merges.txt"] = nil
        two[gzip] = nil
        #expect(try read(two).count == small.tokens.count)
    }

    // MARK: Added tokens

    /// `tokenizer.json` with tokens behind its own.
    private func adding(_ tokens: String) -> String {
        tokenizer.replacing("\"added_tokens\": [", with: "\"added_tokens\": [\(tokens),")
    }

    private func entry(_ content: String, _ id: Int, normalized: Bool, _ more: String = "") -> String {
        "{\"id\": \(id), \"content\": \(WrittenVocabulary.quoted(content)), \"normalized\": \(normalized)\(more)}"
    }

    @Test("An added token is found in a text as it stands, in whichever file it is")
    func addedTokens() throws {
        let plain = try ids("the <sks> cat", twoFiles)
        let token = Int32(next)
        let decoder =
            "{\"added_tokens_decoder\": {\"\(next)\": {\"content\": \"<sks>\", \"normalized\": false}}}"
        for files in [
            ["tokenizer.json": adding(entry("<sks>", next, normalized: false))],
            ["tokenizer.json": adding(entry("<sks>", next, normalized: true))],
            ["tokenizer.json": tokenizer, "tokenizer_config.json": decoder],
            [
                "tokenizer.json": adding(entry("<sks>", next, normalized: false)),
                "tokenizer_config.json": decoder,
            ],
            twoFiles.merging(["tokenizer.json": adding(entry("<sks>", next, normalized: false))]) { $1 },
            twoFiles.merging(["tokenizer_config.json": decoder]) { $1 },
            twoFiles.merging(["added_tokens.json": "{\"<sks>\": \(next)}"]) { $1 },
            twoFiles.merging(["added_tokens.json": "{\"<sks>\": \(next)}", "tokenizer_config.json": decoder])
            { $1 },
        ] {
            let found = try ids("the <sks> cat", files)
            #expect(found.filter { $0 == token }.count == 1, "\(files.keys.sorted())")
            #expect(found.count < plain.count)
            #expect(try ids("the<sks>cat", files) == found)
            #expect(try ids("the cat", files) == ids("the cat", twoFiles))
            #expect(try vocabulary(files).count == next + 1)
            #expect(try vocabulary(files).largestPlainID == token - 1)
        }
    }

    @Test(
        "A token of the vocabulary that has a task, or is among the added ones, is found as it stands",
        arguments: [
            ("tokenizer_config.json", #"{"pad_token": "!"}"#),
            ("tokenizer_config.json", #"{"mask_token": {"content": "!", "normalized": true}}"#),
            ("tokenizer_config.json", #"{"extra_special_tokens": ["!"]}"#),
            ("special_tokens_map.json", #"{"pad_token": "!"}"#),
            ("special_tokens_map.json", #"{"additional_special_tokens": [{"content": "!"}]}"#),
            (
                "tokenizer_config.json",
                #"{"added_tokens_decoder": {"0": {"content": "!", "normalized": false}}}"#
            ),
            ("added_tokens.json", #"{"!": 0}"#),
        ]
    )
    func knownTokens(file: String, json: String) throws {
        // As transformers 5.24 does it: every exclamation mark is the one that fills texts up, and none ends a word.
        let plain = try ids("the cat!! !", twoFiles)
        let found = try ids("the cat!! !", twoFiles.merging([file: json]) { $1 })
        #expect(plain != found && plain.count == found.count)
        #expect(found.filter { $0 == 0 }.count == 3)
        #expect(try ids("the cat", twoFiles.merging([file: json]) { $1 }) == ids("the cat", twoFiles))
        #expect(try vocabulary(twoFiles.merging([file: json]) { $1 }).count == small.tokens.count)
        // open_clip knows nothing of these files.
        let directory = try TemporaryDirectory()
        for (name, text) in twoFiles.merging([file: json], uniquingKeysWith: { $1 }) {
            try directory.write(text, to: name)
        }
        let openCLIP = try Vocabulary(directory: directory.path, findsKnownTokens: false)
        #expect(try CaptionTokenizer(vocabulary: openCLIP).tokens(for: "the cat!! !").ids == plain)
    }

    @Test("A token with a task that the vocabulary lists beside its merges is no sign of a cut")
    func listedToken() throws {
        var more = small
        more.tokens.append(("<pad>", next))
        let files = [
            "vocab.json": more.vocabularyJSON, "merges.txt": more.mergesText,
            "tokenizer_config.json": #"{"pad_token": "<pad>"}"#,
        ]
        #expect(try ids("the <pad> cat", files).contains(Int32(next)))
        #expect(throws: TokenizationError.self) {
            try vocabulary(files.filter { $0.key != "tokenizer_config.json" })
        }
    }

    @Test("Only a token that is looked for in the cleaned text is found in other cases of letters")
    func cases() throws {
        let token = Int32(next)
        let normalized = ["tokenizer.json": adding(entry("<SKS>", next, normalized: true))]
        #expect(try ids("<sks>", normalized).contains(token))
        #expect(try ids("<SKS>", normalized).contains(token))
        let asWritten = ["tokenizer.json": adding(entry("<SKS>", next, normalized: false))]
        #expect(try !ids("<sks>", asWritten).contains(token))
        #expect(try ids("<SKS>", asWritten).contains(token))
    }

    @Test("Of several tokens at one place the longest is taken, and all of a text are found")
    func longest() throws {
        let both = entry("<s", next, normalized: false) + "," + entry("<sks>", next + 1, normalized: false)
        let found = try ids("<sks><sks><s", ["tokenizer.json": adding(both)])
        #expect(found.dropFirst().dropLast() == [Int32(next + 1), Int32(next + 1), Int32(next)])
    }

    @Test(
        "Added tokens that contradict each other, or change what stands beside them, are refused",
        arguments: ["two ids", "two tokens", "lstrip", "rstrip", "single_word", "empty", "negative"]
    )
    func contradictions(kind: String) throws {
        let files: [String: String] =
            switch kind {
            case "two ids":
                [
                    "tokenizer.json": adding(entry("<sks>", next, normalized: false)),
                    "tokenizer_config.json":
                        "{\"added_tokens_decoder\": {\"\(next + 1)\": {\"content\": \"<sks>\"}}}",
                ]
            case "two tokens":
                [
                    "tokenizer.json": adding(entry("<sks>", next, normalized: false)),
                    "tokenizer_config.json":
                        "{\"added_tokens_decoder\": {\"\(next)\": {\"content\": \"<sls>\"}}}",
                ]
            case "empty": ["tokenizer.json": adding(entry("", next, normalized: false))]
            case "negative": twoFiles.merging(["added_tokens.json": "{\"<sks>\": -1}"]) { $1 }
            default:
                ["tokenizer.json": adding(entry("<sks>", next, normalized: false, ", \"\(kind)\": true"))]
            }
        #expect(throws: TokenizationError.self) { try vocabulary(files) }
    }

    // MARK: Settings

    @Test(
        "Settings that would give other tokens are refused with their file's name",
        arguments: [
            ("tokenizer_config.json", #"{"tokenizer_class": "BertTokenizer"}"#, "BertTokenizer"),
            ("tokenizer_config.json", #"{"eos_token": "</s>"}"#, "eos_token </s>"),
            (
                "tokenizer_config.json", #"{"bos_token": {"content": "<s>", "lstrip": false}}"#,
                "bos_token <s>"
            ),
            ("special_tokens_map.json", #"{"eos_token": {"content": "<eos>"}}"#, "eos_token <eos>"),
            ("special_tokens_map.json", #"{"bos_token": "[CLS]"}"#, "bos_token [CLS]"),
        ]
    )
    func settings(file: String, json: String, found: String) throws {
        #expect {
            try vocabulary(["tokenizer.json": tokenizer, file: json])
        } throws: { error in
            guard case .unsupportedTokenizer(file, let what) = error as? TokenizationError else {
                return false
            }
            return what.contains(found)
        }
    }

    @Test("Settings that change no token are passed over")
    func harmless() throws {
        let configuration = #"""
            {"tokenizer_class": "CLIPTokenizer", "do_lower_case": false, "add_prefix_space": true, "errors": "replace",
             "bos_token": {"content": "<|startoftext|>", "lstrip": false}, "eos_token": "<|endoftext|>",
             "pad_token": "!", "unk_token": {"content": "<|endoftext|>"}, "model_max_length": 1000000000000000019884624838656,
             "name_or_path": null, "clean_up_tokenization_spaces": true, "extra_special_tokens": {}}
            """#
        let files = [
            "tokenizer.json": tokenizer, "tokenizer_config.json": configuration,
            "special_tokens_map.json": #"{"pad_token": "<|endoftext|>", "additional_special_tokens": []}"#,
        ]
        #expect(try ids("the cat", files) == ids("the cat", twoFiles))
    }

    @Test(
        "Steps before the merges that are not CLIP's are refused",
        arguments: [
            (#""normalizer": {"type": "NFC"}"#, "Lowercase"),
            (#""normalizer": {"type": "BertNormalizer"}"#, "BertNormalizer"),
            (
                #""normalizer": {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, {"type": "StripAccents"}]}"#,
                "StripAccents"
            ),
            (#""pre_tokenizer": {"type": "Metaspace"}"#, "Metaspace"),
            (#""pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true}"#, "add_prefix_space"),
            (
                #""pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}]}"#,
                "Whitespace"
            ),
        ]
    )
    func steps(step: String, found: String) throws {
        let normalizer = #""normalizer": {"type": "Sequence""#
        let written = tokenizer.replacing(
            #/"normalizer": \{"type": "Sequence".*\]\},/#,
            with: step + ","
        )
        #expect(written != tokenizer && tokenizer.contains(normalizer))
        #expect {
            try vocabulary(["tokenizer.json": written])
        } throws: { error in
            guard case .unsupportedTokenizer("tokenizer.json", let what) = error as? TokenizationError else {
                return false
            }
            return what.contains(found)
        }
    }

    @Test(
        "Merges by chance, or passed over, are refused",
        arguments: [
            #""dropout": 0.1"#, #""ignore_merges": true, "dropout": null"#,
            #""byte_fallback": true, "dropout": null"#,
        ]
    )
    func merging(setting: String) throws {
        let written = tokenizer.replacing(#""dropout": null"#, with: setting)
        #expect(throws: TokenizationError.self) { try vocabulary(["tokenizer.json": written]) }
    }
}
