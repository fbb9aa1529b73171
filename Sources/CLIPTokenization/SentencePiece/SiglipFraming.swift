/// What transformers' `SiglipTokenizer` does around sentencepiece: lower case, no punctuation, and every part between special tokens read
/// behind an unknown token's name, so that it gets no blank of its own.
///
/// Source: `models/siglip/tokenization_siglip.py` of transformers 5.24.
struct SiglipFraming: Sendable {
    /// What every part is read behind, and how many tokens that makes.
    let lead: [UInt8]
    let leadCount: Int
    let lowersCase: Bool
    /// The piece of a blank, which goes where a special token is all that comes before it.
    let blank: Int32?
    let end: Int32

    /// A caption as special tokens are looked for in it.
    func framed(_ caption: [UInt8]) -> [UInt8] {
        SentencePieceNormalizer.mark
            + TextStep.replace(SentencePieceNormalizer.mark, by: [0x20]).applied(to: caption)
    }

    /// A part between special tokens as sentencepiece reads it.
    func part(_ text: [UInt8]) -> [UInt8] {
        var scalars = String(decoding: text, as: UTF8.self).unicodeScalars.map(\.value)
        if lowersCase { scalars = LowerCase.lowercased(scalars) }
        scalars = CaptionCleaning.withoutPunctuation(scalars)
        return lead + UTF8Decoder.bytes(CaptionCleaning.joined(scalars))
    }
}
