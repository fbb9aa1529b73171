/// How BERT's texts are written before they are divided into words.
///
/// Source: `normalizers/bert.rs` of Hugging Face's tokenizers 0.23.
struct BERTNormalizer: Equatable, Sendable {
    /// Control characters go, and white space becomes blanks.
    var cleansText = true
    /// Every Chinese character is a word of its own.
    var separatesChinese = true
    /// Marks over and under letters go.
    var stripsAccents = true
    var lowersCase = true

    /// The text as BERT reads it.
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

    /// The reference counts all of "Other" but what is not assigned.
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
