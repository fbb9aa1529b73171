/// The steps that transformers' `SiglipTokenizer` adds to sentencepiece.
///
/// It makes lower case, removes punctuation, and puts an unknown token's name before every part between special tokens,
/// so that the part gets no blank of its own.
///
/// Source: `models/siglip/tokenization_siglip.py` of transformers 5.24.
struct SiglipFraming: Sendable {
    /// The text put before every part, and the number of its tokens.
    let lead: [UInt8]
    let leadCount: Int
    let lowersCase: Bool
    /// The piece of a blank, which is dropped if nothing else comes before a special token.
    let blank: Int32?
    let end: Int32

    /// The caption in the form in which special tokens are looked for.
    func framed(_ caption: [UInt8]) -> [UInt8] {
        SentencePieceNormalizer.mark
            + TextStep.replace(SentencePieceNormalizer.mark, by: [0x20]).applied(to: caption)
    }

    /// A part between special tokens, in the form that sentencepiece reads.
    func part(_ text: [UInt8]) -> [UInt8] {
        var scalars = String(decoding: text, as: UTF8.self).unicodeScalars.map(\.value)
        if lowersCase { scalars = LowerCase.lowercased(scalars) }
        scalars = CaptionCleaning.withoutPunctuation(scalars)
        return lead + UTF8Decoder.bytes(CaptionCleaning.joined(scalars))
    }
}
