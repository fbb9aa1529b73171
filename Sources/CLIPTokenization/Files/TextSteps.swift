#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// Reads `tokenizer.json`'s `normalizer`.
enum TextSteps {
    /// The steps that an object describes; an unknown step is refused by name.
    static func steps(_ fields: StepFields, file: String) throws(TokenizationError) -> [TextStep] {
        var steps: [TextStep] = []
        for step in fields.flattened {
            if let known = try Self.step(step, file: file) { steps.append(known) }
        }
        return steps
    }

    private static func step(_ fields: StepFields, file: String) throws(TokenizationError) -> TextStep? {
        switch fields.type {
        case "Precompiled":
            try fields.requireOnly(["precompiled_charsmap"])
            guard fields.optionalText("precompiled_charsmap") != nil else { return nil }
            let blob = Data(base64Encoded: Data(try fields.text("precompiled_charsmap"))).map { [UInt8]($0) }
            if blob?.isEmpty == true { return nil }
            guard let blob, let map = CharacterMap(blob) else { throw .malformedCharacterMap(file: file) }
            return .map(map)
        case "Replace": return try replacement(fields)
        case "Lowercase":
            try fields.requireOnly()
            return .lowerCase
        case "Strip":
            try fields.requireOnly(["strip_left", "strip_right"])
            return .strip(left: fields.flag("strip_left") ?? true, right: fields.flag("strip_right") ?? true)
        case "NFC":
            try fields.requireOnly()
            return .compose
        case "Prepend":
            try fields.requireOnly(["prepend"])
            return .prepend(try fields.text("prepend"))
        case "BertNormalizer":
            try fields.requireOnly(["clean_text", "handle_chinese_chars", "strip_accents", "lowercase"])
            let lowersCase = fields.flag("lowercase") ?? true
            return .bert(
                BERTNormalizer(
                    cleansText: fields.flag("clean_text") ?? true,
                    separatesChinese: fields.flag("handle_chinese_chars") ?? true,
                    stripsAccents: fields.flag("strip_accents") ?? lowersCase,
                    lowersCase: lowersCase
                )
            )
        default: throw fields.unsupported()
        }
    }

    private static func replacement(_ fields: StepFields) throws(TokenizationError) -> TextStep {
        try fields.requireOnly(["pattern", "content"])
        let content = try fields.text("content")
        if let literal = fields.literal {
            guard !literal.isEmpty else { throw fields.unsupported("an empty pattern") }
            return .replace(literal, by: content)
        }
        guard let expression = fields.expression else { throw fields.unsupported("no pattern") }
        let mark = SentencePieceNormalizer.mark
        switch expression {
        case #"\s+"#: return .replaceBlanks(atLeast: 1, isAnySpace: true, by: content)
        case " +": return .replaceBlanks(atLeast: 1, isAnySpace: false, by: content)
        case " {2,}": return .replaceBlanks(atLeast: 2, isAnySpace: false, by: content)
        case #"\A +| +\z"# where content.isEmpty: return .trimBlanks
        case #"\A▁"# where content == mark + mark: return .doubleMark
        default:
            guard content.isEmpty, let characters = characters(ofClass: expression) else {
                throw fields.unsupported("the pattern \(expression.prefix(64))")
            }
            return .remove(characters)
        }
    }

    /// The characters of a class such as `[!"\#\$%&]` that holds only ASCII punctuation; nil for any other expression.
    private static func characters(ofClass expression: String) -> [Bool]? {
        var bytes = Array(expression.utf8)
        guard bytes.count > 2, bytes.removeFirst() == UInt8(ascii: "["),
            bytes.removeLast() == UInt8(ascii: "]")
        else { return nil }
        var characters = Array(repeating: false, count: 128)
        var isEscaped = false
        for (place, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "\\") where !isEscaped:
                isEscaped = true
                continue
            // These have another meaning without a backslash, except a hyphen at the end.
            case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "^"), UInt8(ascii: "&"):
                guard isEscaped || byte == UInt8(ascii: "&") && bytes.dropFirst(place + 1).first != byte
                else {
                    return nil
                }
            case UInt8(ascii: "-"):
                guard isEscaped || place == bytes.count - 1 else { return nil }
            case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: break
            default: return nil
            }
            isEscaped = false
            characters[Int(byte)] = true
        }
        return isEscaped ? nil : characters
    }
}
