internal import CLIPJSON

/// The steps of a `normalizer` or a `pre_tokenizer` in `tokenizer.json`, in order.
///
/// Only CLIP's steps are supported, since others would give other tokens. Which steps give the same tokens was tested
/// with Hugging Face's tokenizers 0.23.
struct TokenizerSteps {
    private struct Step {
        var kind = ""
        /// The pattern, a `Regex` or a `String`.
        var pattern: (kind: String, text: String)?
        var content: String?
        var behavior: String?
        var isInverted = false
        var addsPrefixSpace = false
    }

    /// A sequence inside a sequence is possible; deeper nesting is an attack.
    private static let deepest = 8
    /// The patterns that transformers writes for CLIP's words.
    ///
    /// Older files leave out the special tokens, which are found earlier.
    private static let words: Set<String> = {
        let plain = #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#
        return [plain, #"<\|startoftext\|>|<\|endoftext\|>|"# + plain]
    }()

    private let steps: [Step]

    /// Reads an object with the steps nested in it.
    init(_ reader: inout JSONReader) throws(TokenizationError) {
        steps = try Self.steps(&reader, depth: 0)
    }

    private static func steps(_ reader: inout JSONReader, depth: Int) throws(TokenizationError) -> [Step] {
        guard depth < deepest else { throw reader.malformed }
        var step = Step()
        var inner: [Step] = []
        try reader.object { (reader, field) throws(TokenizationError) in
            switch String(decoding: field, as: UTF8.self) {
            case "type" where try reader.isNext("\""): step.kind = try text(&reader)
            case "normalizers" where try reader.isNext("["), "pretokenizers" where try reader.isNext("["):
                try reader.array { (reader) throws(TokenizationError) in
                    inner += try steps(&reader, depth: depth + 1)
                }
            case "pattern" where try reader.isNext("{"):
                try reader.object { (reader, kind) throws(TokenizationError) in
                    step.pattern = (String(decoding: kind, as: UTF8.self), try text(&reader))
                }
            case "content" where try reader.isNext("\""): step.content = try text(&reader)
            case "behavior" where try reader.isNext("\""): step.behavior = try text(&reader)
            case "invert":
                step.isInverted = try reader.isNext("t")
                try reader.skip()
            case "add_prefix_space":
                step.addsPrefixSpace = try reader.isNext("t")
                try reader.skip()
            default: try reader.skip()
            }
        }
        return (["", "Sequence"].contains(step.kind) ? [] : [step]) + inner
    }

    private static func text(_ reader: inout JSONReader) throws(TokenizationError) -> String {
        String(decoding: try reader.string(), as: UTF8.self)
    }

    /// The part of this normalizer that differs from CLIP's (lower case, one blank for white space); nil if none does.
    var foreignNormalizer: String? {
        for step in steps {
            switch step.kind {
            case "NFC", "Lowercase": continue
            case "Replace":
                guard step.pattern?.kind == "Regex", step.pattern?.text == #"\s+"#, step.content == " " else {
                    return "the normalizer Replace of \(step.pattern?.text ?? "nothing")"
                }
            default: return "the normalizer \(step.kind)"
            }
        }
        return steps.contains { $0.kind == "Lowercase" } ? nil : "a normalizer without Lowercase"
    }

    /// The part of this pre-tokenizer that differs from CLIP's (split into words, then write bytes); nil if none does.
    ///
    /// After the split it makes no difference whether ByteLevel splits too. Without the split, ByteLevel splits as
    /// GPT-2 does or not at all.
    var foreignPreTokenizer: String? {
        for step in steps {
            switch step.kind {
            case "Split":
                guard step.pattern?.kind == "Regex", let pattern = step.pattern?.text,
                    Self.words.contains(pattern)
                else { return "the pre_tokenizer Split by \(step.pattern?.text ?? "nothing")" }
                guard step.behavior == "Removed", step.isInverted else {
                    return "the pre_tokenizer Split that does not keep what its pattern finds"
                }
            case "ByteLevel":
                if step.addsPrefixSpace { return "add_prefix_space is true" }
            default: return "the pre_tokenizer \(step.kind)"
            }
        }
        switch steps.map(\.kind) {
        case let kinds where !kinds.contains("Split"): return "a pre_tokenizer without Split"
        case let kinds where kinds.firstIndex(of: "ByteLevel") != kinds.count - 1:
            return "a pre_tokenizer that does not end with ByteLevel"
        default: return nil
        }
    }
}
