/// How a caption is cleaned before a tokenizer from files reads it: a choice of open_clip's `HFTokenizer`, or none.
///
/// Source: `tokenizer.py` of open_clip 3.3.
public enum CaptionCleaning: String, Equatable, Sendable {
    /// The caption stays as it came, as in transformers.
    case none
    /// ftfy's repairs, HTML references resolved twice, and white space collapsed.
    case whiteSpace = "whitespace"
    /// The same as `whiteSpace`, then lower case.
    case lowerCase = "lower"
    /// The same as `lowerCase` without ASCII punctuation; underscores become blanks.
    case canonical = "canonicalize"

    /// The cleaned caption in UTF-8.
    ///
    /// Refuses a caption that still changes after many rounds of repair (`unsettledCaption`).
    func cleaned(_ caption: String) throws(TokenizationError) -> [UInt8] {
        self == .none ? Array(caption.utf8) : UTF8Decoder.bytes(try scalars(of: caption))
    }

    /// The cleaned caption as Unicode scalars.
    func scalars(of caption: String) throws(TokenizationError) -> [UInt32] {
        var text = caption.unicodeScalars.map(\.value)
        if self == .none { return text }
        text = try TextRepair.repaired(text)
        text = HTMLEntities.unescaped(HTMLEntities.unescaped(text))
        if self == .canonical {
            text = Self.withoutPunctuation(text.map { $0 == 0x5F ? 0x20 : $0 })
            text = LowerCase.lowercased(text)
        }
        text = Self.joined(text)
        return self == .lowerCase ? LowerCase.lowercased(text) : text
    }

    /// The text without the characters of Python's `string.punctuation`.
    static func withoutPunctuation(_ text: [UInt32]) -> [UInt32] {
        text.filter { scalar in
            switch scalar {
            case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: false
            default: true
            }
        }
    }

    /// The result of Python's `" ".join(text.split())`.
    static func joined(_ text: [UInt32]) -> [UInt32] {
        var out: [UInt32] = []
        out.reserveCapacity(text.count)
        var isBehindSpace = false
        for scalar in text {
            guard !WhiteSpace.isPythonSpace(scalar) else {
                isBehindSpace = true
                continue
            }
            if isBehindSpace, !out.isEmpty { out.append(0x20) }
            isBehindSpace = false
            out.append(scalar)
        }
        return out
    }
}
