/// Makes tokens of captions as OpenAI's CLIP does.
///
/// It cleans the caption, splits it into words (`WordSplitter`), writes each word as bytes, and merges these by the
/// vocabulary's byte pairs (`BytePairMerges`).
struct BytePairTokenizer: Sendable {
    let vocabulary: Vocabulary
    /// The names of the special tokens in a cleaned caption; nil if they are looked for in the caption as it came.
    private let specialNames: SpecialNames?
    private let rules: CaptionRules
    /// open_clip's configured cleaning, which replaces OpenAI's rules or precedes transformers' rules; nil if there is
    /// none.
    private let cleaning: CaptionCleaning?
    /// Tokens that are found as written: the first list in the caption as it came, the second in the cleaned text.
    private let asWritten: [AddedToken]
    private let normalized: [AddedToken]
    /// Whether these are only the special tokens, which all begin with "<".
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

    /// Looks first for tokens in the caption as it came, then for tokens in the cleaned text, then for words.
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
