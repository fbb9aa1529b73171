import CLIPTestSupport
import CLIPTokenization
import Testing

@Suite("The steps of tokenizer.json before its merges")
struct TokenizerStepsTests {
    private static let words = #"'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"#
    private static let special = #"<\\|startoftext\\|>|<\\|endoftext\\|>|"#
    private static let lower = #"{"type": "Lowercase"}"#
    private static let bytes = #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}"#

    private static func split(
        _ pattern: String = words,
        kind: String = "Regex",
        behavior: String = "Removed",
        invert: Bool = true
    ) -> String {
        #"{"type": "Split", "pattern": {"\#(kind)": "\#(pattern)"}, "behavior": "\#(behavior)", "invert": \#(invert)}"#
    }

    private static func replace(
        _ pattern: String,
        kind: String = "Regex",
        with content: String = " "
    ) -> String {
        #"{"type": "Replace", "pattern": {"\#(kind)": "\#(pattern)"}, "content": "\#(content)"}"#
    }

    private static func sequence(of kind: String, _ steps: String...) -> String {
        #"{"type": "Sequence", "\#(kind)": [\#(steps.joined(separator: ", "))]}"#
    }

    private static func before(_ steps: String...) -> String {
        #"{"type": "Sequence", "pretokenizers": [\#(steps.joined(separator: ", "))]}"#
    }

    /// The small vocabulary, with these steps.
    private func refusal(_ fields: String) throws -> String? {
        let written = WrittenVocabulary.small().tokenizerJSON(mergesAsPairs: true).replacing(
            #/"normalizer": \{"type": "Sequence".*\]\},/#,
            with: fields.isEmpty ? "" : fields + ","
        )
        let directory = try TemporaryDirectory()
        try directory.write(written, to: "tokenizer.json")
        do throws(TokenizationError) {
            _ = try Vocabulary(directory: directory.path)
            return nil
        } catch {
            guard case .unsupportedTokenizer("tokenizer.json", let found) = error else { throw error }
            return found
        }
    }

    @Test(
        "What transformers writes for CLIP is read, by whichever of its versions",
        arguments: [
            "", #""pre_tokenizer": null"#, #""normalizer": \#(lower)"#,
            #""normalizer": \#(sequence(of: "normalizers", #"{"type": "NFC"}"#, replace(#"\\s+"#), lower))"#,
            #""pre_tokenizer": \#(before(split(), bytes))"#,
            #""pre_tokenizer": \#(before(split(special + words), bytes))"#,
            #""pre_tokenizer": \#(before(split(), #"{"use_regex": true, "type": "ByteLevel"}"#))"#,
            #""pre_tokenizer": \#(before(split(), #"{"type": "ByteLevel", "use_regex": false}"#))"#,
            #""pre_tokenizer": \#(before(before(split()), bytes))"#,
        ]
    )
    func accepted(fields: String) throws {
        #expect(try refusal(fields) == nil)
    }

    @Test("A normalizer that leaves texts as they are, or changes them otherwise, is refused")
    func normalizers() throws {
        for (step, found) in [
            ("null", "no normalizer"), (Self.sequence(of: "normalizers"), "without Lowercase"),
            (Self.replace(#"\\s+"#), "without Lowercase"),
            (Self.sequence(of: "normalizers", Self.lower, Self.replace("-")), "Replace of -"),
            (
                Self.sequence(of: "normalizers", Self.lower, Self.replace(#"\\s+"#, kind: "String")),
                "Replace of"
            ),
            (Self.sequence(of: "normalizers", Self.lower, Self.replace(#"\\s+"#, with: "")), "Replace of"),
            (Self.sequence(of: "normalizers", Self.lower, #"{"type": "Replace"}"#), "Replace of nothing"),
            (Self.sequence(of: "normalizers", Self.lower, #"{"type": "NFKC"}"#), "NFKC"),
        ] {
            #expect(try refusal(#""normalizer": \#(step)"#)?.contains(found) == true, "\(step)")
        }
    }

    @Test("A pre-tokenizer that splits otherwise than CLIP's is refused")
    func preTokenizers() throws {
        for (step, found) in [
            (Self.bytes, "without Split"), (Self.before(Self.bytes), "without Split"),
            (#"{"type": "ByteLevel", "use_regex": false}"#, "without Split"),
            (Self.before(), "without Split"),
            (Self.split(), "end with ByteLevel"),
            (Self.before(Self.bytes, Self.split()), "end with ByteLevel"),
            (Self.before(Self.split(#"\\w+"#), Self.bytes), #"Split by \w+"#),
            (Self.before(Self.split(Self.words + "|x"), Self.bytes), "Split by"),
            (Self.before(Self.split(kind: "String"), Self.bytes), "Split by"),
            (Self.before(#"{"type": "Split"}"#, Self.bytes), "Split by nothing"),
            (Self.before(Self.split(behavior: "Isolated"), Self.bytes), "does not keep"),
            (Self.before(Self.split(invert: false), Self.bytes), "does not keep"),
            (Self.before(Self.split(), #"{"type": "Digits"}"#, Self.bytes), "Digits"),
        ] {
            #expect(try refusal(#""pre_tokenizer": \#(step)"#)?.contains(found) == true, "\(step)")
        }
    }

    @Test("Steps that are no object, or are nested without end, are malformed")
    func malformed() throws {
        for field in ["normalizer", "pre_tokenizer"] {
            let kind = field == "normalizer" ? "normalizers" : "pretokenizers"
            let count = 100_000
            let deep =
                String(repeating: #"{"\#(kind)":["#, count: count) + String(repeating: "]}", count: count)
            for value in ["true", #""Lowercase""#, "[]", #"{"\#(kind)": [null]}"#, deep] {
                let error = #expect(throws: TokenizationError.self) {
                    try refusal(#""\#(field)": \#(value)"#)
                }
                guard case .malformedJSON("tokenizer.json", _) = error else {
                    Issue.record("\(field) \(value.prefix(64)): \(String(describing: error))")
                    continue
                }
            }
        }
    }
}
