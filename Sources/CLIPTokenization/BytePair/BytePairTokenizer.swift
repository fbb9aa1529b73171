/// OpenAI CLIP's way from a caption to tokens: clean it (`TextCleaner`), split it into words (`WordSplitter`), write each word as bytes,
/// and merge these by the vocabulary's byte pairs (`BytePairMerges`).
struct BytePairTokenizer: Sendable {
    let vocabulary: Vocabulary
    let specialNames: SpecialNames
    /// How captions are cleaned instead, where open_clip's configuration says so.
    var cleaning: CaptionCleaning?

    /// The tokens of a caption, start-of-text and end-of-text included.
    func tokens(of caption: String) throws(TokenizationError) -> [Int32] {
        var ids = [vocabulary.startOfText]
        if vocabulary.added.isEmpty {
            append(try cleaned(caption), to: &ids)
        } else {
            try appendWithAddedTokens(caption, to: &ids)
        }
        ids.append(vocabulary.endOfText)
        return ids
    }

    private func cleaned(_ caption: String) throws(TokenizationError) -> [UInt32] {
        guard let cleaning else { return try TextCleaner.cleaned(caption) }
        return try cleaning.scalars(of: caption)
    }

    private func append(_ text: [UInt32], to ids: inout [Int32]) {
        var words = WordSplitter(text, specialNames: specialNames)
        while let word = words.next() { vocabulary.append(text[word], specialNames, to: &ids) }
    }

    /// Tokens that are looked for as they stand first, then those of the cleaned text, then words.
    private func appendWithAddedTokens(_ caption: String, to ids: inout [Int32]) throws(TokenizationError) {
        let asWritten = vocabulary.added.filter { !$0.isNormalized }
        let normalized = vocabulary.added.filter(\.isNormalized)
        for part in AddedToken.parts(of: caption.unicodeScalars.map(\.value)[...], at: asWritten) {
            switch part {
            case .token(let id): ids.append(id)
            case .rest(let scalars):
                var piece = String.UnicodeScalarView()
                piece.append(contentsOf: scalars.compactMap(Unicode.Scalar.init))
                let text = try cleaned(String(piece))
                for part in AddedToken.parts(of: text[...], at: normalized) {
                    switch part {
                    case .token(let id): ids.append(id)
                    case .rest(let scalars): append(Array(scalars), to: &ids)
                    }
                }
            }
        }
    }
}
