/// The implementation whose rules decide which tokens OpenAI's byte pairs make of a caption.
public enum CaptionRules: Equatable, Sendable {
    /// OpenAI's rules, which open_clip and Roboflow's server follow.
    ///
    /// Captions get ftfy's repairs, and HTML references are resolved twice; special tokens are found in the cleaned
    /// text; all characters become lower case.
    case openAI
    /// The rules of `CLIPTokenizer` in transformers 5.24.
    ///
    /// Special tokens are found in the caption as it came. Then come NFC, one blank for each run of white space, and
    /// lower case; nothing is repaired. A character whose token the vocabulary lacks becomes the unknown token.
    case transformers

    /// A caption, or a part of one, in the form in which it is split into words.
    ///
    /// Refuses a caption that still changes after many rounds of repair (`unsettledCaption`).
    func cleaned(_ text: String) throws(TokenizationError) -> [UInt32] {
        switch self {
        case .openAI: return try TextCleaner.cleaned(text)
        case .transformers: return normalized(text.unicodeScalars.map(\.value))
        }
    }

    /// The steps of `CLIPTokenizer`.
    private func normalized(_ text: [UInt32]) -> [UInt32] {
        LowerCase.lowercasedOneByOne(
            WhiteSpace.collapsed(CanonicalComposition.normalized(text, as: .tokenizers))
        )
    }
}
