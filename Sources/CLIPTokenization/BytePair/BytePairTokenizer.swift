/// The way of OpenAI's CLIP from a caption to tokens: clean it, split it into words (`WordSplitter`), write each word as bytes, and merge
/// these by the vocabulary's byte pairs (`BytePairMerges`).
struct BytePairTokenizer: Sendable {
    let vocabulary: Vocabulary
    /// What special tokens are called in a cleaned caption; nil where they are found in the caption as it came.
    private let specialNames: SpecialNames?
    private let rules: CaptionRules
    /// How open_clip's configuration wants captions cleaned: instead of by OpenAI's rules, and before transformers' come.
    private let cleaning: CaptionCleaning?
    /// Tokens that are found as they stand: in the caption as it came, and in the cleaned text.
    private let asWritten: [AddedToken]
    private let normalized: [AddedToken]
    /// Whether only special tokens are among them, which all begin with "<".
    private let hasSpecialsOnly: Bool

    init(vocabulary: Vocabulary, recipe: TextRecipe) {
        self.vocabulary = vocabulary
        rules = recipe.rules
        specialNames = rules == .openAI ? recipe.specialNames : nil
        cleaning = recipe.cleaning == .none ? nil : recipe.cleaning
        let found = vocabulary.added + (rules == .openAI ? [] : vocabulary.specials)
        asWritten = found.filter { !$0.isNormalized }
        normalized = found.filter(\.isNormalized)
        hasSpecialsOnly = vocabulary.added.isEmpty
    }

    /// The tokens of a caption, start-of-text and end-of-text included.
    func tokens(of caption: String) throws(TokenizationError) -> [Int32] {
        var ids = [vocabulary.startOfText]
        var caption = caption
        if rules == .transformers, let cleaning {
            caption = String(decoding: try cleaning.cleaned(caption), as: UTF8.self)
        }
        if hasSpecialsOnly, rules == .openAI || !caption.utf8.contains(0x3C) {
            append(try cleaned(caption), to: &ids)
        } else {
            try appendWithFoundTokens(caption, to: &ids)
        }
        ids.append(vocabulary.endOfText)
        return ids
    }

    private func cleaned(_ caption: String) throws(TokenizationError) -> [UInt32] {
        if rules == .openAI, let cleaning { return try cleaning.scalars(of: caption) }
        return try rules.cleaned(caption)
    }

    private func append(_ text: [UInt32], to ids: inout [Int32]) {
        var words = WordSplitter(text, specialNames: specialNames)
        while let word = words.next() { vocabulary.append(text[word], specialNames, to: &ids) }
    }

    /// Tokens that are looked for as they stand first, then those of the cleaned text, then words.
    private func appendWithFoundTokens(_ caption: String, to ids: inout [Int32]) throws(TokenizationError) {
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
