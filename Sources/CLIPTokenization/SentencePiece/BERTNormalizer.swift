/// Normalizes texts as BERT does before it divides them into words.
///
/// Source: `normalizers/bert.rs` of Hugging Face's tokenizers 0.23.
struct BERTNormalizer: Equatable, Sendable {
    /// Whether control characters are removed and white space becomes blanks.
    var cleansText = true
    /// Whether every Chinese character becomes a word of its own.
    var separatesChinese = true
    /// Whether accents and other marks on letters are removed.
    var stripsAccents = true
    var lowersCase = true

    /// The normalized text.
    func normalized(_ text: [UInt32]) -> [UInt32] {
        var text = text
        if cleansText {
            text = text.compactMap { scalar in
                if scalar == 0 || scalar == 0xFFFD || Self.isControl(scalar) { return nil }
                return Self.isSpace(scalar) ? 0x20 : scalar
            }
        }
        if separatesChinese {
            text = text.flatMap { Self.isChinese($0) ? [0x20, $0, 0x20] : [$0] }
        }
        if stripsAccents {
            text = CanonicalComposition.decomposed(text, .tokenizers).filter {
                CategoryTable.category($0) != .nonspacingMark
            }
        }
        return lowersCase ? LowerCase.lowercasedOneByOne(text) : text
    }

    private static func isSpace(_ scalar: UInt32) -> Bool {
        scalar == 0x09 || scalar == 0x0A || scalar == 0x0D || WhiteSpace.isSpace(scalar)
    }

    /// Whether the reference counts a scalar as a control character: all of category "Other", except unassigned ones.
    private static func isControl(_ scalar: UInt32) -> Bool {
        if scalar == 0x09 || scalar == 0x0A || scalar == 0x0D { return false }
        switch CategoryTable.category(scalar) {
        case .control, .format, .surrogate, .privateUse: return true
        default: return false
        }
    }

    private static func isChinese(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}
