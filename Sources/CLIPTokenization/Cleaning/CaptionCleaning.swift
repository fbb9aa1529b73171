/// How a caption is cleaned before a tokenizer from files reads it: the choices of open_clip's `HFTokenizer`, and none.
///
/// Source: `tokenizer.py` of open_clip 3.3.
public enum CaptionCleaning: String, Equatable, Sendable {
    /// As it came: what transformers does.
    case none
    /// ftfy's repairs, HTML references resolved twice, white space collapsed.
    case whiteSpace = "whitespace"
    /// The same in lower case.
    case lowerCase = "lower"
    /// The same in lower case and without punctuation: underscores are blanks, the rest of ASCII's goes.
    case canonical = "canonicalize"

    /// The caption, cleaned, in UTF-8.
    ///
    /// Refuses a caption whose repair does not settle (`unsettledCaption`).
    func cleaned(_ caption: String) throws(TokenizationError) -> [UInt8] {
        self == .none ? Array(caption.utf8) : UTF8Decoder.bytes(try scalars(of: caption))
    }

    /// The same as numbers of characters.
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

    /// Without `string.punctuation` of Python.
    static func withoutPunctuation(_ text: [UInt32]) -> [UInt32] {
        text.filter { scalar in
            switch scalar {
            case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: false
            default: true
            }
        }
    }

    /// `" ".join(text.split())` of Python.
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
