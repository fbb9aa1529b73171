import CLIPTestSupport
import CLIPTokenization
import Foundation
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("A vocabulary that is wrong is refused, by what is wrong")
struct VocabularyErrorTests {
    private func expect(
        _ error: TokenizationError,
        from files: [String: [UInt8]],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let directory = try TemporaryDirectory()
        for (name, bytes) in files { try directory.write(bytes, to: name) }
        #expect(throws: error, sourceLocation: sourceLocation) { try Vocabulary(directory: directory.path) }
    }

    private func expect(
        _ error: TokenizationError,
        vocabulary: String? = nil,
        merges: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let small = WrittenVocabulary.small()
        try expect(
            error,
            from: [
                "vocab.json": Array((vocabulary ?? small.vocabularyJSON).utf8),
                "merges.txt": Array((merges ?? small.mergesText).utf8),
            ],
            sourceLocation: sourceLocation
        )
    }

    private func expect(
        _ error: TokenizationError,
        tokenizer: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try expect(error, from: ["tokenizer.json": Array(tokenizer.utf8)], sourceLocation: sourceLocation)
    }

    private func changed(_ change: (inout WrittenVocabulary) -> Void) -> WrittenVocabulary {
        var written = WrittenVocabulary.small()
        change(&written)
        return written
    }

    @Test("Ids that no token has, below the last", arguments: 0...5)
    func holes(kept: Int) throws {
        let cut = changed {
            let gone = Set($0.merges[kept...].map { $0.0 + $0.1 })
            $0.merges.removeSubrange(kept...)
            $0.tokens.removeAll { gone.contains($0.text) }
        }
        try expect(
            .unusedID(file: "vocab.json", id: 512 + kept, count: 6 - kept),
            vocabulary: cut.vocabularyJSON,
            merges: cut.mergesText
        )
        try expect(
            .unusedID(file: "tokenizer.json", id: 512 + kept, count: 6 - kept),
            tokenizer: cut.tokenizerJSON(mergesAsPairs: true)
        )
        let moved = changed { $0.tokens = $0.tokens.map { ($0.text, $0.id + 1) } }
        try expect(.unusedID(file: "vocab.json", id: 0, count: 1), vocabulary: moved.vocabularyJSON)
    }

    @Test("Merges in another order than their ids")
    func order() throws {
        let sorted = changed { $0.merges.swapAt(2, 4) }
        try expect(.misplacedMerge(file: "merges.txt", number: 3), merges: sorted.mergesText)
        try expect(
            .misplacedMerge(file: "tokenizer.json", number: 3),
            tokenizer: sorted.tokenizerJSON(mergesAsPairs: false)
        )
    }

    @Test("Half of a vocabulary")
    func half() throws {
        let small = WrittenVocabulary.small()
        try expect(.unreadable(file: "merges.txt"), from: ["vocab.json": Array(small.vocabularyJSON.utf8)])
        try expect(.unreadable(file: "vocab.json"), from: ["merges.txt": Array(small.mergesText.utf8)])
    }

    @Test(
        "A link to a file that is gone is refused, not taken for none",
        arguments: ["tokenizer.json", "merges.txt"]
    )
    func goneFile(name: String) throws {
        let small = WrittenVocabulary.small()
        let directory = try TemporaryDirectory()
        if name == "tokenizer.json" {
            try directory.write(small.vocabularyJSON, to: "vocab.json")
            try directory.write(small.mergesText, to: "merges.txt")
        } else {
            try directory.write(small.tokenizerJSON(mergesAsPairs: true), to: "tokenizer.json")
        }
        _ = try Vocabulary(directory: directory.path)
        let link = "\(directory.path)/\(name)"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "../../blobs/gone")
        let error = #expect(throws: TokenizationError.self) { try Vocabulary(directory: directory.path) }
        #expect(error == .unreadable(file: name))
        #expect(error?.description.hasSuffix("Download it anew.") == true)
    }

    @Test("A file that is a directory or a pipe")
    func notPlain() throws {
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory.path + "/tokenizer.json", 0o755) == 0)
        #expect(throws: TokenizationError.unreadable(file: "tokenizer.json")) {
            try Vocabulary(directory: directory.path)
        }
        let other = try TemporaryDirectory()
        #expect(mkfifo(other.path + "/tokenizer.json", 0o644) == 0)
        #expect(throws: TokenizationError.unreadable(file: "tokenizer.json")) {
            try Vocabulary(directory: other.path)
        }
    }

    @Test("A file that is too large, as it is or once it is expanded")
    func tooLarge() throws {
        let limit = 32 << 20
        let directory = try TemporaryDirectory()
        try directory.write("{", to: "tokenizer.json")
        #expect(truncate(directory.path + "/tokenizer.json", off_t(limit + 1)) == 0)
        #expect(throws: TokenizationError.fileTooLarge(file: "tokenizer.json", limit: limit)) {
            try Vocabulary(directory: directory.path)
        }
        let bomb = try WrittenVocabulary.packed([UInt8](repeating: 0x0A, count: limit + 1))
        #expect(bomb.count < 1 << 20)
        try expect(
            .fileTooLarge(file: "bpe_simple_vocab_16e6.txt.gz", limit: limit),
            from: ["bpe_simple_vocab_16e6.txt.gz": bomb]
        )
    }

    @Test("A gzip file that is none, is cut off or has something behind it")
    func malformedGzip() throws {
        let whole = try WrittenVocabulary.small().gzip()
        var damaged = whole
        damaged[whole.count - 8] ^= 1
        let wrong: [[UInt8]] = [[], [0x1F], Array("plain text".utf8), whole.dropLast(), whole + [0], damaged]
        for bytes in wrong {
            try expect(
                .malformedGzip(file: "bpe_simple_vocab_16e6.txt.gz"),
                from: ["bpe_simple_vocab_16e6.txt.gz": bytes]
            )
        }
    }

    @Test("Bytes that are no UTF-8")
    func malformedText() throws {
        let small = WrittenVocabulary.small()
        let vocabulary = Array(small.vocabularyJSON.utf8)
        let merges = Array(small.mergesText.utf8)
        try expect(
            .malformedText(file: "vocab.json"),
            from: ["vocab.json": [0x7B, 0xFF], "merges.txt": merges]
        )
        try expect(
            .malformedText(file: "merges.txt"),
            from: ["vocab.json": vocabulary, "merges.txt": merges + [0xC0, 0x80]]
        )
        let packed = try WrittenVocabulary.packed([0x0A, 0xED, 0xA0, 0x80])
        try expect(
            .malformedText(file: "bpe_simple_vocab_16e6.txt.gz"),
            from: ["bpe_simple_vocab_16e6.txt.gz": packed]
        )
    }

    @Test(
        "JSON that is none, or of another shape",
        arguments: [
            ("", 0), (" ", 1), ("[]", 0), ("{", 1), ("{\"a\":1", 6), ("{\"a\" 1}", 5), ("{\"a\":1,}", 7),
            ("{\"a\":1}x", 7), ("{\"a\":\"1\"}", 5), ("{\"a\":1.0}", 6), ("{\"a\":1e0}", 6),
            ("{\"a\":01}", 7),
            ("{\"a\":-}", 6), ("{\"a\":99999999999999999999}", 25), ("{\"a\":null}", 5), ("{a:1}", 1),
            ("{\"\n\":1}", 2), ("{\"\\q\":1}", 4), ("{\"\\u12\":1}", 4), ("{\"\\u12g4\":1}", 4),
            ("{\"\\ud800\":1}", 8), ("{\"\\ud800\\u0041\":1}", 14), ("{\"\\udc00\":1}", 8), ("{\"a", 3),
            ("{\"\\", 3),
        ]
    )
    func malformedJSON(text: String, offset: Int) throws {
        try expect(.malformedJSON(file: "vocab.json", offset: offset), vocabulary: text)
    }

    @Test("JSON that nests too deep, or has values that are none")
    func malformedTokenizer() throws {
        let deep = "{\"x\":" + String(repeating: "[", count: 100_000)
        try expect(.malformedJSON(file: "tokenizer.json", offset: 37), tokenizer: deep)
        for (value, offset) in [
            ("nul", 8), ("1-", 7), ("-", 6), ("0x1", 8), ("nan", 8), ("[1,]", 8), ("", 5),
        ] {
            try expect(.malformedJSON(file: "tokenizer.json", offset: offset), tokenizer: "{\"x\":\(value)}")
        }
        let twice = "{\"model\":{},\"model\":{}}"
        try expect(.malformedJSON(file: "tokenizer.json", offset: 20), tokenizer: twice)
        try expect(.malformedJSON(file: "tokenizer.json", offset: 17), tokenizer: "{\"model\":{\"type\":3}}")
    }

    @Test("Missing fields")
    func missingFields() throws {
        func error(_ field: String) -> TokenizationError {
            .missingField(file: "tokenizer.json", field: field)
        }
        try expect(error("model"), tokenizer: "{}")
        try expect(error("model.vocab"), tokenizer: "{\"model\":{\"merges\":[]}}")
        try expect(error("model.merges"), tokenizer: "{\"model\":{\"vocab\":{}}}")
        try expect(error("added_tokens.id"), tokenizer: "{\"added_tokens\":[{\"content\":\"x\"}]}")
        try expect(error("added_tokens.content"), tokenizer: "{\"added_tokens\":[{\"id\":1}]}")
    }

    @Test("Another kind of tokenizer")
    func unsupported() throws {
        func error(_ found: String) -> TokenizationError {
            .unsupportedTokenizer(file: "tokenizer.json", found: found)
        }
        let small = WrittenVocabulary.small()
        try expect(
            error("WordPiece"),
            tokenizer: small.tokenizerJSON(mergesAsPairs: false, type: "WordPiece")
        )
        try expect(error("##"), tokenizer: small.tokenizerJSON(mergesAsPairs: false, suffix: "##"))
        try expect(error("a vocab that is no object"), tokenizer: "{\"model\":{\"vocab\":[[\"a\",-1.5]]}}")
        try expect(error("@@"), tokenizer: "{\"model\":{\"continuing_subword_prefix\":\"@@\"}}")
    }

    @Test("Tokens and ids that come twice")
    func duplicates() throws {
        let error = TokenizationError.duplicateToken(file: "vocab.json", token: "x")
        try expect(error, vocabulary: "{\"x\":1,\"x\":2}")
        try expect(error, vocabulary: "{\"y\":1,\"x\":1}")
        let added = changed { $0.tokens[$0.tokens.count - 1].id = 3 }
        try expect(
            .duplicateToken(file: "tokenizer.json", token: "<|endoftext|>"),
            tokenizer: added.tokenizerJSON(mergesAsPairs: true)
        )
        // Two merges that make one token leave OpenAI's file without an id for it.
        let twice = changed { $0.merges = [("a", "a"), ("aa", "a"), ("a", "aa")] }
        try expect(
            .duplicateToken(file: "bpe_simple_vocab_16e6.txt.gz", token: "aaa"),
            from: ["bpe_simple_vocab_16e6.txt.gz": try twice.gzip()]
        )
    }

    @Test("Ids that no model can have", arguments: [-1, 1 << 24, Int(Int32.max) + 1, Int.max])
    func ids(id: Int) throws {
        try expect(
            .idOutOfRange(file: "vocab.json", token: "x", limit: (1 << 24) - 1),
            vocabulary: "{\"x\":\(id)}"
        )
    }

    @Test("A byte without its token", arguments: ["a", "Ġ", "Ń", "!</w>", "ÿ</w>"])
    func missingByte(token: String) throws {
        let written = changed { $0.tokens.removeAll { $0.text == token } }
        try expect(
            .missingByteToken(file: "vocab.json", token: token),
            vocabulary: written.vocabularyJSON,
            merges: ""
        )
    }

    @Test("No special tokens", arguments: ["<|startoftext|>", "<|endoftext|>"])
    func missingSpecial(token: String) throws {
        let written = changed { $0.tokens.removeAll { $0.text == token } }
        try expect(.missingSpecialToken(file: "vocab.json", token: token), vocabulary: written.vocabularyJSON)
        try expect(
            .missingSpecialToken(file: "tokenizer.json", token: token),
            tokenizer: written.tokenizerJSON(mergesAsPairs: true)
        )
    }

    @Test("Merges that are not two tokens", arguments: ["a", "a b c", " ", "", "\u{A0}"])
    func malformedMerge(line: String) throws {
        try expect(
            .malformedMerge(file: "merges.txt", number: 2),
            merges: "#version: 0.2\nt h\n\(line)\na a\n"
        )
        let packed = try WrittenVocabulary.packed(Array("head\nt h\n\(line)\na a\n".utf8))
        try expect(
            .malformedMerge(file: "bpe_simple_vocab_16e6.txt.gz", number: 2),
            from: ["bpe_simple_vocab_16e6.txt.gz": packed]
        )
    }

    @Test(
        "Merges in JSON that are not two tokens",
        arguments: ["\"a\"", "\"a b c\"", "\"a \"", "[\"a\"]", "[]"]
    )
    func malformedJSONMerge(merge: String) throws {
        try expect(
            .malformedMerge(file: "tokenizer.json", number: 2),
            tokenizer: "{\"model\":{\"merges\":[\"t h\",\(merge)]}}"
        )
    }

    @Test("Merges of what is no token, or into what is none")
    func unknownTokens() throws {
        for merge in ["nothing a", "a nothing", "x y"] {
            try expect(.unknownToken(file: "merges.txt", number: 2), merges: "t h\n\(merge)\n")
        }
        let packed = try WrittenVocabulary.packed(Array("head\nt h\nq the\n".utf8))
        try expect(
            .unknownToken(file: "bpe_simple_vocab_16e6.txt.gz", number: 2),
            from: ["bpe_simple_vocab_16e6.txt.gz": packed]
        )
    }

    @Test("A merge that comes twice")
    func duplicateMerge() throws {
        try expect(.duplicateMerge(file: "merges.txt", number: 3), merges: "t h\na a\nt h\n")
        let twice = changed { $0.merges += [("t", "h")] }
        try expect(
            .duplicateMerge(file: "tokenizer.json", number: 7),
            tokenizer: twice.tokenizerJSON(mergesAsPairs: true)
        )
    }

    @Test("Files cut off or changed anywhere are refused or read, and never crash")
    func damaged() throws {
        let small = WrittenVocabulary.small()
        let whole = Array(small.tokenizerJSON(mergesAsPairs: false).utf8)
        var random = SeededRandom(seed: 7)
        let directory = try TemporaryDirectory()
        for attempt in 0..<120 {
            var bytes = whole
            if attempt % 3 == 0 {
                bytes.removeLast(Int.random(in: 1...whole.count, using: &random))
            } else {
                for _ in 0..<(attempt % 3 * 4) {
                    bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(
                        in: 0x20...0x7E,
                        using: &random
                    )
                }
            }
            try directory.write(bytes, to: "tokenizer.json")
            do throws(TokenizationError) {
                _ = try Vocabulary(directory: directory.path)
                #expect(attempt % 3 != 0, "A file that was cut off is no vocabulary.")
            } catch {
                #expect(error != .noVocabulary)
            }
        }
    }
}
