import CLIPTestSupport
import CLIPTokenization
import Foundation
import Testing

@Suite("A tokenizer file of a few bytes takes neither all memory nor minutes")
struct HostilePieceTests {
    private static func replace(_ text: String, by content: String) -> String {
        #"{"type": "Replace", "pattern": {"String": "\#(text)"}, "content": "\#(content)"}"#
    }

    private static func sequence(_ steps: [String], _ name: String = "normalizers") -> String {
        #"{"type": "Sequence", "\#(name)": [\#(steps.joined(separator: ","))]}"#
    }

    private func tokenizer(
        normalizer: String = "null",
        words: String = "null",
        around: String = "null",
        added: String = "",
        pieces: [String] = ["a", "b"]
    ) throws -> CaptionTokenizer {
        let directory = try TemporaryDirectory()
        let vocabulary = (["<unk>"] + pieces).map { #"["\#($0)", -1.5]"# }.joined(separator: ",")
        try directory.write(
            #"""
            {"added_tokens": [\#(added)], "normalizer": \#(normalizer), "pre_tokenizer": \#(words),
            "post_processor": \#(around), "model": {"type": "Unigram", "unk_id": 0, "vocab": [\#(vocabulary)]}}
            """#,
            to: "tokenizer.json"
        )
        let recipe = TextRecipe.transformers(modelType: "", contextLength: 1 << 20)
        return try CaptionTokenizer(directory: directory.path, recipe: recipe)
    }

    private func refusal(_ body: () throws -> CaptionTokenizer) throws -> String {
        let error = try #require(throws: TokenizationError.self) { _ = try body() }
        guard case .unsupportedStep("tokenizer.json", let found) = error else { throw error }
        return found
    }

    @Test("Steps that each lengthen a text many times refuse it, and what they lengthen little is read")
    func growth() throws {
        let long = String(repeating: "a", count: 200)
        let blanks = String(repeating: " a", count: 100)
        let kinds = [
            Self.replace("a", by: long),
            #"{"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": "\#(blanks)"}"#,
        ]
        for step in kinds {
            let steps = Self.sequence(Array(repeating: step, count: 8))
            let tokenizer = try tokenizer(normalizer: steps)
            let text = "aaaa bbb a"
            #expect(throws: TokenizationError.lengthenedCaption(count: 10, limit: 16 * 10 + 4096)) {
                try tokenizer.tokens(for: text)
            }
            #expect(try tokenizer.tokens(for: "b").ids == [2])
        }
        let once = try tokenizer(normalizer: Self.replace("a", by: long))
        #expect(try once.tokens(for: "aa").ids == Array(repeating: 1, count: 400))
        // U+FDFA becomes 33 bytes by the rules of NFKC, and three blanks among them 9: no text of honest files is refused.
        for name in ["t5", "siglip", "siglip-file", "xlm-roberta", "open-clip-t5"] {
            let tokenizer = try PieceFixture(name: name).tokenizer()
            #expect(throws: Never.self) {
                try tokenizer.tokens(for: String(repeating: "\u{FDFA}", count: 5000), truncating: true)
            }
        }
    }

    @Test("Bytes that a normalizer writes are refused where nothing else reads bytes")
    func bytes() throws {
        #expect(
            try refusal { try tokenizer(normalizer: #"{"type": "ByteLevel"}"#) }.contains(
                "normalizer ByteLevel"
            )
        )
    }

    @Test("Where the mark of a blank is no piece, unknown characters of two words stay two tokens")
    func unknownMarks() throws {
        let tokenizer = try tokenizer(
            words: #"{"type": "Metaspace", "replacement": "_", "prepend_scheme": "always", "split": true}"#
        )
        // tokenizers 0.23 of the same file.
        #expect(try tokenizer.tokens(for: "a xb x x").ids == [0, 1, 0, 2, 0, 0])
        #expect(try tokenizer.tokens(for: "x x").ids == [0, 0])
    }

    @Test("Marks before every word of marks do so, too")
    func growingWords() throws {
        var steps: [String] = []
        for letter in ["b", "c", "d", "e", "f", "g", "h", "i", "j", "k"] {
            let mark = String(repeating: letter, count: 4)
            steps.append(#"{"type": "Metaspace", "replacement": "\#(mark)", "prepend_scheme": "always"}"#)
            steps.append(
                #"{"type": "Split", "pattern": {"String": "\#(letter)"}, "behavior": "Isolated", "invert": false}"#
            )
        }
        let tokenizer = try tokenizer(words: Self.sequence(steps, "pretokenizers"))
        #expect(throws: TokenizationError.lengthenedCaption(count: 4, limit: 16 * 4 + 4096)) {
            try tokenizer.tokens(for: "aaaa")
        }
    }

    @Test("Added tokens that steps lengthen without measure refuse the file")
    func growingTokens() throws {
        let added = #"{"id": 1, "content": "a", "normalized": true}"#
        let found = try refusal {
            try tokenizer(
                normalizer: Self.replace("a", by: String(repeating: "a", count: 250)),
                added: added
            )
        }
        #expect(found.contains("steps that lengthen texts"))
        _ = try tokenizer(normalizer: Self.replace("a", by: "aa"), added: added)
    }

    @Test("Steps that are many, or write long texts, are refused")
    func manySteps() throws {
        let lower = #"{"type": "Lowercase"}"#
        let many = Self.sequence(Array(repeating: lower, count: 32))
        #expect(try refusal { try tokenizer(normalizer: many) } == "a normalizer of more than 32 steps")
        let nested = Self.sequence(Array(repeating: Self.sequence([lower, lower, lower]), count: 8))
        #expect(try refusal { try tokenizer(normalizer: nested) } == "a normalizer of more than 32 steps")
        let white = Self.sequence(
            Array(repeating: #"{"type": "WhitespaceSplit"}"#, count: 40),
            "pretokenizers"
        )
        #expect(try refusal { try tokenizer(words: white) } == "a pre_tokenizer of more than 32 steps")
        _ = try tokenizer(normalizer: Self.sequence(Array(repeating: lower, count: 31)))
        let long = String(repeating: "a", count: 257)
        for step in [
            Self.replace("a", by: long), Self.replace(long, by: "a"),
            #"{"type": "Prepend", "prepend": "\#(long)"}"#,
        ] {
            #expect(try refusal { try tokenizer(normalizer: step) }.contains("a text of 257 bytes"))
        }
    }

    @Test(
        "A template that repeats one token's thousand ids a thousand times is refused",
        .timeLimit(.minutes(1))
    )
    func templates() throws {
        func template(_ ids: Int, _ parts: Int) -> String {
            let part = #"{"SpecialToken": {"id": "x", "type_id": 0}},"#
            let numbers = Array(repeating: "1", count: ids).joined(separator: ",")
            return #"""
                {"type": "TemplateProcessing", "single": [\#(String(repeating: part, count: parts))
                {"Sequence": {"id": "A"}}], "special_tokens": {"x": {"id": "x", "ids": [\#(numbers)]}}}
                """#
        }
        for (ids, parts) in [(100_000, 100_000), (65, 1), (1, 65), (9, 8)] {
            let found = try refusal { try tokenizer(around: template(ids, parts)) }
            #expect(found == "the post_processor TemplateProcessing with more than 64 tokens")
        }
        #expect(try tokenizer(around: template(8, 8)).tokens(for: "a").ids.count == 65)
        let inner = Array(repeating: template(1, 1), count: 1000).joined(separator: ",")
        let sequence = #"{"type": "Sequence", "processors": [\#(inner)]}"#
        let found = try refusal { try tokenizer(around: sequence) }
        #expect(found == "the post_processor Sequence with more than 64 tokens")
    }

    @Test(
        "Two thousand pieces that each begin with the last take a moment for each text",
        .timeLimit(.minutes(1))
    )
    func nestedPieces() throws {
        let pieces = (1...2048).map { String(repeating: "a", count: $0) }
        let tokenizer = try tokenizer(pieces: pieces)
        let clock = ContinuousClock()
        var ids: [Int32] = []
        let time = try clock.measure {
            ids = try tokenizer.tokens(for: String(repeating: "a", count: 10_000)).ids
        }
        // The longest pieces make the fewest: four of them, and the rest.
        #expect(ids.count == 5)
        #expect(time < .seconds(10), "\(time)")
    }
}
