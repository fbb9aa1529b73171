/// Whose code decides what a tokenizer of OpenAI's byte pairs makes of a caption.
public enum CaptionRules: Equatable, Sendable {
    /// OpenAI's, which open_clip and Roboflow's server follow: ftfy's repairs and HTML references resolved twice, special tokens found in
    /// the cleaned text, all characters in lower case.
    case openAI
    /// `CLIPTokenizer` of transformers 5.24: special tokens found in the caption as it came, then NFC, white space as one blank, lower
    /// case, and nothing repaired. A character whose token the vocabulary lacks is an unknown one.
    case transformers

    /// A caption, or a part of one, as words are looked for in it.
    ///
    /// Refuses a caption whose repair does not settle (`unsettledCaption`).
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
